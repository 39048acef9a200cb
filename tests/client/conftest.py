"""A client over a scripted network, with a clock that only its own waits advance."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from polytomic_mcp.client import Polytomic

NOW = 1_700_000_000.0
KEY = "a-very-secret-key"

Outcome = httpx.Response | Exception
Exchange = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Script(httpx.AsyncBaseTransport):
    """Answers requests from a list, in turn, and remembers them; the last outcome repeats."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @property
    def request(self) -> httpx.Request:
        """The only request."""
        assert len(self.requests) == 1
        return self.requests[0]

    @property
    def keys(self) -> list[str | None]:
        """The idempotency key of each request."""
        return [request.headers.get("Idempotency-Key") for request in self.requests]

    @property
    def body(self) -> Any:
        """The JSON of the only request."""
        return json.loads(self.request.content)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def clock(self) -> float:
        return NOW + sum(self.waits)


@pytest.fixture
def now() -> float:
    return NOW


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
def script() -> Callable[..., tuple[Polytomic, Script]]:
    """Make a client and the script it speaks to; with no outcome every answer is ``{"data": {}}``."""

    def make(*outcomes: Outcome, api_key: str | None = KEY, **options: Any) -> tuple[Polytomic, Script]:
        network = Script(outcomes or [httpx.Response(200, json={"data": {}})])
        options = {"sleep": network.sleep, "clock": network.clock, "chance": lambda: 1.0, **options}
        return Polytomic(api_key, transport=network, **options), network

    return make


@pytest.fixture
def listen() -> Callable[..., AbstractAsyncContextManager[int]]:
    """Listen on a loopback port, hand every connection to a function, and give the port."""

    @asynccontextmanager
    async def listening(exchange: Exchange, **options: Any) -> AsyncIterator[int]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await exchange(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
        async with server:
            yield server.sockets[0].getsockname()[1]

    return listening
