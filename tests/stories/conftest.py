"""Whole journeys: a sandbox, a server and a client, each where it would be in life."""

import json
import re
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.settings import DEFAULT_TOOLSETS, Secret

Connect = Callable[..., AbstractAsyncContextManager[Client]]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Speaker:
    """Calls tools in names only: it would rather fail than send an id."""

    client: Client

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        assert not _ID.search(json.dumps(arguments)), (tool, arguments)
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, (tool, result.content)
        return result.structured_content or {}


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A sandbox on a port, and the settings that reach it."""
    with listening(create_sandbox(key="story")) as sandbox:
        yield Settings(api_key=Secret("story"), api_url=sandbox.url)


@pytest.fixture
def connect(settings: Settings) -> Connect:
    """Connect a client in one of three ways, in one of two eras."""

    @asynccontextmanager
    async def connected(
        way: str, mode: str, toolsets: tuple[str, ...] = DEFAULT_TOOLSETS
    ) -> AsyncGenerator[Client]:
        chosen = replace(settings, toolsets=toolsets)
        if way == "memory":
            async with Client(build_server(chosen), mode=mode) as client:
                yield client
        elif way == "stdio":
            words = ["-m", "polytomic_mcp", "serve", "--sandbox", "--empty"]
            environ = {"POLYTOMIC_TOOLSETS": ",".join(toolsets)}
            server = StdioServerParameters(command=sys.executable, args=words, env=environ)
            async with Client(server, mode=mode) as client:
                yield client
        else:
            with listening(build_server(chosen).streamable_http_app()) as server:
                async with Client(f"{server.url}/mcp", mode=mode) as client:
                    yield client

    return connected


@pytest.fixture
def speaking(connect: Connect) -> Callable[..., AbstractAsyncContextManager[Speaker]]:
    """Connect as ``connect`` does, and speak in names."""

    @asynccontextmanager
    async def connected(way: str, mode: str, **options: Any) -> AsyncGenerator[Speaker]:
        async with connect(way, mode, **options) as client:
            yield Speaker(client)

    return connected
