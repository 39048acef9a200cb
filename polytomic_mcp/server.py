"""The composition root: it builds a server from settings."""

import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final, cast

import anyio
import httpx
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.request_state import RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, InputRequiredResult
from starlette.applications import Starlette

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.protocol import cache_hints, completions, prompts, resources
from polytomic_mcp.protocol.http import ReadableBodies
from polytomic_mcp.protocol.stdio import NoLines, answering, lines_of
from polytomic_mcp.protocol.subscriptions import Subscriptions
from polytomic_mcp.protocol.tasks import Seal, Tasks, secret_of, works_of
from polytomic_mcp.protocol.time_limit import TimeLimit
from polytomic_mcp.settings import Settings
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.toolsets import hidden_tools, shown_tools, toolset_of

_INSTRUCTIONS: Final = (
    "Polytomic moves data. A connection connects a system; a model is a query or table of a connection; "
    "a sync writes a model's fields to a target object of another connection. "
    "Order: create_connection (source, destination), create_model, list_target_objects, "
    "list_target_fields, create_sync, start_sync. An exact name works in place of any id. "
    "For tasks without a tool, use find_operations. next_steps in an answer are suggested next calls."
)


class PolytomicServer(MCPServer[Caller]):
    """An ``MCPServer`` that answers every request on stdio, and suggests the nearest tool or prompt."""

    async def run_stdio_async(self) -> None:
        """Serve MCP on this process's stdin and stdout until stdin ends."""
        no_lines = cast("anyio.AsyncFile[str]", NoLines())  # the lines are read here, as bytes
        lines = lines_of(sys.stdin.buffer)
        async with (
            stdio_server(stdin=no_lines) as (incoming, outgoing),
            incoming,
            answering(lines, outgoing) as (asked, answers),
        ):
            server = self._lowlevel_server
            await server.run(asked, answers, server.create_initialization_options())

    def streamable_http_app(self, **options: Any) -> Starlette:
        """Return the application that serves MCP over HTTP; ``options`` are mcp's."""
        app = super().streamable_http_app(**options)
        app.add_middleware(ReadableBodies)
        return app

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Caller, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: The tool is unknown or not shown, which the text explains; or the call failed.
        """
        if self._tool_manager.get_tool(name) is None:
            known = [tool.name for tool in self._tool_manager.list_tools()]
            home = toolset_of(name)
            hidden = f"The tool {quoted(name)} is hidden; it belongs to the toolset {home}."
            reason = hidden if home else f"Unknown tool {quoted(name)}.{nearest(name, known)}"
            raise ToolError(
                f"{reason} POLYTOMIC_ACCESS_MODE, POLYTOMIC_TOOLSETS, POLYTOMIC_TOOLS_ALLOW and "
                f"POLYTOMIC_TOOLS_DENY determine which tools are shown: {', '.join(known) or 'none'}."
            )
        return await super().call_tool(name, arguments, context)

    def serve_more(self, hidden: Callable[[], Mapping[str, str]]) -> None:
        """Serve prompts, resources, completions and subscriptions.

        ``hidden`` returns the toolset of each tool that is not shown.
        """
        resources.register(self._lowlevel_server)
        prompts.register(self._lowlevel_server, hidden)
        cache_hints.register(self._lowlevel_server)
        completions.register(self._lowlevel_server)
        Subscriptions().register(self._lowlevel_server)


def build_server(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    caller: Callable[[Polytomic], Caller] = Caller,
) -> MCPServer[Caller]:
    """Build the MCP server for one caller.

    ``transport`` replaces the network: a mock in a test, or the sandbox in this process. ``caller`` creates
    the tools' caller from the client; a test passes one with its own clock.

    Raises:
        ConfigurationError: The settings allow or deny a tool that does not exist.
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
        middleware=[TimeLimit(settings.call_seconds)],
        lifespan=_lifespan(settings, transport, lambda api: replace(caller(api), tools=names)),
        log_level="ERROR",
        cache_hints=cache_hints.LISTS,
        request_state_security=_question_security(settings),
    )
    server.serve_more(lambda: hidden_tools(names))
    return server


def _question_security(settings: Settings) -> RequestStateSecurity | None:
    """Return the encryption of calls that wait for a person: any server with the key can continue them.

    Without a key, mcp uses its own, which is lost when the process ends.
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
