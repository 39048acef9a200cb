"""What every test shares: asyncio, an environment without settings, commands as processes, a scripted API."""

import gc
import os
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio.lowlevel
import httpx
import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server
from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.settings import Secret
from polytomic_mcp.tools.caller import Caller


def pytest_unconfigure() -> None:
    """Let go of everything before the interpreter ends.

    Hypothesis watches the garbage collector, which holds what watches it to the very end; by that way
    pytest and every fixture stay alive, and DuckDB then reports its own objects as leaked.
    """
    gc.callbacks.clear()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _no_settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in list(os.environ):
            if name.startswith("POLYTOMIC_"):
                patched.delenv(name)
        yield


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start commands as processes; what still runs in the end is killed by its id."""
    started: list[subprocess.Popen[str]] = []

    def popen(*words: str, **environ: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-m", "polytomic_mcp", *words],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            encoding="utf-8",
            env={**os.environ, **environ},
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate(timeout=10)


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """The tokenizer by which tokens are counted: o200k."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its import opens its data in an old way
        import bpe_openai  # noqa: PLC0415 - the warnings are those of its import

        return bpe_openai.get_encoding("o200k_base")


class Script(httpx.AsyncBaseTransport):
    """A Polytomic that answers each ``METHOD /path`` from a table.

    An answer is JSON, a status, a response, or a function of nothing that gives one of these.

    A status is answered with a message. What is not in the table is answered with 404.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.queries: list[tuple[str, dict[str, str]]] = []

    def __setitem__(self, operation: str, answer: Any) -> None:
        self.answers[operation] = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        operation = f"{request.method} {request.url.path}"
        self.asked.append(operation)
        self.queries.append((operation, dict(request.url.params)))
        answer = self.answers.get(operation, 404)
        if callable(answer):
            answer = answer()
        if isinstance(answer, int):
            return httpx.Response(answer, json={"message": "no such thing"})
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer)

    def holds(self, kind: str, *objects: dict[str, Any]) -> None:
        """Serve objects of a kind (``connections``): the list of them, and each by its id."""
        self[f"GET /api/{kind}"] = {"data": list(objects)}
        for item in objects:
            self[f"GET /api/{kind}/{item['id']}"] = {"data": item}


class Pauses(list[float]):
    """A clock whose pauses take no time: each lets the others go on, and is written down, in seconds."""

    time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)
        self.time += seconds
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def serve(script: Script, pauses: Pauses) -> Callable[..., AbstractAsyncContextManager[Client]]:
    """Connect a client to the real server over the scripted API; nothing is repeated, nobody sleeps."""

    def caller(_: Polytomic) -> Caller:
        api = Polytomic(Secret("key"), transport=script, retry=RetryPolicy(attempts=1))
        return Caller(api, sleep=pauses.sleep, now=pauses.now)

    @asynccontextmanager
    async def served(settings: Settings | None = None, **options: Any) -> AsyncIterator[Client]:
        server = build_server(settings or Settings(api_key=Secret("key")), transport=script, caller=caller)
        async with Client(server, **options) as client:
            yield client

    return served
