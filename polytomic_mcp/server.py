"""The composition root: settings become a server, and this module alone knows both wings."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

import httpx
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.request_state import RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, InputRequiredResult

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.protocol import cache_hints, completions, prompts, resources
from polytomic_mcp.protocol.stdio import answering
from polytomic_mcp.protocol.subscriptions import Subscriptions
from polytomic_mcp.protocol.tasks import Seal, Tasks, secret_of, works_of
from polytomic_mcp.settings import TOOLSETS, Settings
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.framework.tool import PolytomicTool
from polytomic_mcp.tools.framework.toolset import Toolset

_INSTRUCTIONS: Final = (
    "Polytomic moves data. A connection reaches a system; a model is a query or table over a connection; "
    "a sync maps a model's fields onto a target object of another connection, and runs. "
    "Order: create_connection (source, destination), create_model, list_target_objects, "
    "list_target_fields, create_sync, start_sync. Wherever an id is wanted, an exact name will do. "
    "What no tool does, find_operations finds. An answer's next_steps are calls that follow well."
)


class PolytomicServer(MCPServer[Caller]):
    """An ``MCPServer`` that leaves no request on stdio unanswered, and knows the nearest tool."""

    async def run_stdio_async(self) -> None:
        """Serve MCP on this process's stdin and stdout until stdin ends."""
        async with stdio_server() as (incoming, outgoing), answering(incoming, outgoing) as (asked, answers):
            server = self._lowlevel_server
            await server.run(asked, answers, server.create_initialization_options())

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Caller, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; a name that none has is answered with the nearest.

        Raises:
            ToolError: As mcp raises it.
        """
        if self._tool_manager.get_tool(name) is None:
            known = [tool.name for tool in self._tool_manager.list_tools()]
            home = toolset_of(name)
            where = f" It belongs to the toolset {home}." if home else nearest(name, known)
            raise ToolError(
                f"There is no tool {quoted(name)} here.{where} POLYTOMIC_ACCESS_MODE, "
                "POLYTOMIC_TOOLSETS, POLYTOMIC_TOOLS_ALLOW and POLYTOMIC_TOOLS_DENY decide which there are: "
                f"{', '.join(known)}."
            )
        return await super().call_tool(name, arguments, context)

    def serve_more(self, hidden: Callable[[], Mapping[str, str]]) -> None:
        """Serve what stands beside the tools; ``hidden`` gives the toolset of each tool not shown."""
        resources.register(self._lowlevel_server)
        prompts.register(self._lowlevel_server, hidden)
        cache_hints.register(self._lowlevel_server)
        completions.register(self._lowlevel_server)
        Subscriptions().register(self._lowlevel_server)


def toolsets(names: Sequence[str] = TOOLSETS) -> list[Toolset]:
    """Return the toolsets of those names; a module is imported only when its toolset is wanted."""
    return [import_module(f"polytomic_mcp.tools.toolsets.{name}").TOOLSET for name in names]


def toolset_of(tool: str) -> str | None:
    """Return the name of a tool's toolset, whether it is shown or not; None if there is no such tool."""
    return next((toolset.name for toolset in toolsets() if tool in toolset.names()), None)


def shown_tools(settings: Settings) -> list[tuple[Toolset, PolytomicTool]]:
    """Return the tools these settings show, each with its toolset, in a fixed order.

    Raises:
        ConfigurationError: A single tool is allowed or denied that does not exist.
    """
    single = settings.tools_allow | settings.tools_deny
    considered = toolsets(TOOLSETS if single else settings.toolsets)
    if single:
        _refuse_unknown(single, considered)
    return [
        (toolset, tool)
        for toolset in considered
        for tool in toolset.tools(settings.access_mode)
        if (toolset.name in settings.toolsets or tool.name in settings.tools_allow)
        and tool.name not in settings.tools_deny
    ]


def _refuse_unknown(names: AbstractSet[str], known: Iterable[Toolset]) -> None:
    right = [name for toolset in known for name in toolset.names()]
    if unknown := sorted(names - {*right}):
        raise ConfigurationError(
            f"POLYTOMIC_TOOLS_ALLOW or POLYTOMIC_TOOLS_DENY names {', '.join(unknown)}."
            f"{nearest(unknown[0], right)} The tools are: {', '.join(right)}."
        )


def build_server(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    caller: Callable[[Polytomic], Caller] = Caller,
) -> MCPServer[Caller]:
    """Build the MCP server of one caller.

    ``transport`` takes the network's place: a mock in a test, the sandbox in this process. ``caller`` makes
    what the tools work with of the client; a test gives its own clock there.

    Raises:
        ConfigurationError: The settings name a tool that does not exist.
    """
    shown = shown_tools(settings)
    tools: list[Tool] = [tool for _, tool in shown]
    works = works_of({toolset.name for toolset, _ in shown})
    names = frozenset(tool.name for tool in tools)
    server = PolytomicServer(
        "polytomic-mcp",
        title="Polytomic",
        instructions=_INSTRUCTIONS,
        version=version("polytomic-mcp"),
        website_url="https://www.polytomic.com",
        tools=tools,
        extensions=[Tasks(Seal.of_key(settings.api_key), works)] if settings.api_key else [],
        lifespan=_lifespan(settings, transport, lambda api: replace(caller(api), tools=names)),
        log_level="ERROR",
        cache_hints=cache_hints.LISTS,
        request_state_security=_sealing_of_questions(settings),
    )
    server.serve_more(lambda: _toolset_of_hidden(names))
    return server


def _sealing_of_questions(settings: Settings) -> RequestStateSecurity | None:
    """Return what seals a call that waits for a person, so that any server with the key takes the answer.

    Without a key it is mcp's own, whose secret ends with the process.
    """
    if settings.api_key is None:
        return None
    return RequestStateSecurity(keys=[secret_of(settings.api_key, "questions, version 1")])


def _toolset_of_hidden(shown: AbstractSet[str]) -> dict[str, str]:
    """Return the toolset of each tool that is not among those shown."""
    return {name: toolset.name for toolset in toolsets() for name in toolset.names() if name not in shown}


def _lifespan(
    settings: Settings,
    transport: httpx.AsyncBaseTransport | None,
    caller: Callable[[Polytomic], Caller],
) -> Callable[[MCPServer[Caller]], AbstractAsyncContextManager[Caller]]:
    @asynccontextmanager
    async def lifespan(_: MCPServer[Caller]) -> AsyncGenerator[Caller]:
        async with Polytomic.from_settings(settings, transport=transport) as api:
            yield caller(api)

    return lifespan
