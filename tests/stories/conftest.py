"""Whole journeys: a sandbox, a server and a client, each where it would be in life."""

import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from mcp import Client, StdioServerParameters

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.cli.web import listening
from polytomic_mcp.settings import Secret

Connect = Callable[[str, str], AbstractAsyncContextManager[Client]]


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A sandbox on a port, and the settings that reach it."""
    with listening(create_sandbox(key="story")) as sandbox:
        yield Settings(api_key=Secret("story"), api_url=sandbox.url)


@pytest.fixture
def connect(settings: Settings) -> Connect:
    """Connect a client in one of three ways, in one of two eras."""

    @asynccontextmanager
    async def connected(way: str, mode: str) -> AsyncGenerator[Client]:
        if way == "memory":
            async with Client(build_server(settings), mode=mode) as client:
                yield client
        elif way == "stdio":
            words = ["-m", "polytomic_mcp", "serve", "--sandbox"]
            server = StdioServerParameters(command=sys.executable, args=words)
            async with Client(server, mode=mode) as client:
                yield client
        else:
            with listening(build_server(settings).streamable_http_app()) as server:
                async with Client(f"{server.url}/mcp", mode=mode) as client:
                    yield client

    return connected
