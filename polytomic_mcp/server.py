"""The composition root: settings become a server, and this module alone knows both wings."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Final

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool

from polytomic_mcp.client import Polytomic
from polytomic_mcp.settings import Settings
from polytomic_mcp.stdio import PolytomicServer
from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.tool import PolytomicTool
from polytomic_mcp.tools.toolset import Toolset

_INSTRUCTIONS: Final = (
    "Polytomic moves data. A connection reaches a system; a model is a query or table over a connection; "
    "a sync maps a model's fields onto a target object of another connection, and runs. "
    "Order: create_connection (source, destination), create_model, list_target_objects, "
    "list_target_fields, create_sync, start_sync. Wherever an id is wanted, an exact name will do."
)


def toolsets() -> tuple[Toolset, ...]:
    """Return every toolset, in the order in which tools are listed."""
    from polytomic_mcp.tools import connections, models, syncs  # noqa: PLC0415 - pydantic models are built on import

    return (connections.TOOLSET, models.TOOLSET, syncs.TOOLSET)


def shown_tools(settings: Settings) -> list[tuple[Toolset, PolytomicTool]]:
    """Return the tools these settings show, each with its toolset, in a fixed order."""
    return [
        (toolset, tool)
        for toolset in toolsets()
        if toolset.name in settings.toolsets
        for tool in toolset.tools(settings.access_mode)
    ]


def build_server(
    settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None
) -> MCPServer[Caller]:
    """Build the MCP server of one caller.

    ``transport`` takes the network's place: a mock in a test, the sandbox in this process.
    """
    tools: list[Tool] = [tool for _, tool in shown_tools(settings)]
    return PolytomicServer(
        "polytomic-mcp",
        title="Polytomic",
        instructions=_INSTRUCTIONS,
        version=version("polytomic-mcp"),
        website_url="https://www.polytomic.com",
        tools=tools,
        lifespan=_lifespan(settings, transport),
        log_level="ERROR",
    )


def _lifespan(
    settings: Settings, transport: httpx.AsyncBaseTransport | None
) -> Callable[[MCPServer[Caller]], AbstractAsyncContextManager[Caller]]:
    @asynccontextmanager
    async def lifespan(_: MCPServer[Caller]) -> AsyncGenerator[Caller]:
        async with Polytomic.from_settings(settings, transport=transport) as api:
            yield Caller(api)

    return lifespan
