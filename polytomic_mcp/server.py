"""The composition root: settings become a server, and this module alone knows both wings."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final

import httpx
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.request_state import RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, GetPromptResult, InputRequiredResult

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.guides import load_guides
from polytomic_mcp.protocol import cache_hints, completions, prompts, resources
from polytomic_mcp.protocol.stdio import answering
from polytomic_mcp.protocol.subscriptions import Subscriptions
from polytomic_mcp.protocol.tasks import Seal, Tasks, secret_of, works_of
from polytomic_mcp.settings import Settings
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.toolsets import hidden_tools, shown_tools, toolset_of

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

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[Caller, Any] | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt; a name that none has is answered with the nearest.

        Raises:
            MCPError: There is no such prompt, or its arguments do not fit.
        """
        if self._prompt_manager.get_prompt(name) is None:
            known = [prompt.name for prompt in self._prompt_manager.list_prompts()]
            hint = f"{nearest(name, known)} prompts/list shows all."
            raise MCPError(INVALID_PARAMS, f"There is no prompt {quoted(name)}.{hint}")
        return await super().get_prompt(name, arguments, context)

    def serve_more(self, hidden: Callable[[], Mapping[str, str]]) -> None:
        """Serve what stands beside the tools; ``hidden`` gives the toolset of each tool not shown."""
        guides = load_guides()
        resources.register(self)
        prompts.register(self, guides, hidden)
        cache_hints.register(self._lowlevel_server)
        completions.register(self._lowlevel_server, guides)
        Subscriptions().register(self._lowlevel_server)


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
    server.serve_more(lambda: hidden_tools(names))
    return server


def _sealing_of_questions(settings: Settings) -> RequestStateSecurity | None:
    """Return what seals a call that waits for a person, so that any server with the key takes the answer.

    Without a key it is mcp's own, whose secret ends with the process.
    """
    if settings.api_key is None:
        return None
    return RequestStateSecurity(keys=[secret_of(settings.api_key, "questions, version 1")])


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
