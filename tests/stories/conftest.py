"""Whole journeys: a sandbox, a server and a client, each where it would be in life."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from mcp import Client, StdioServerParameters

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.cli.web import listening
from polytomic_mcp.settings import Secret

Connect = Callable[[str, str], AbstractAsyncContextManager[Client]]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("POLYTOMIC_"):
            monkeypatch.delenv(name)


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


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start commands as processes; what still runs in the end is killed by its id."""
    started: list[subprocess.Popen[str]] = []

    def popen(*words: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "polytomic_mcp", *words]
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")  # noqa: S603 - our own
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate(timeout=10)
