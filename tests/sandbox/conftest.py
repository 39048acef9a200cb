"""A sandbox for each test, and a client that reaches it without a network."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox

KEY = "sandbox-key"
HEADERS = {"Authorization": f"Bearer {KEY}", "X-Polytomic-Version": "2025-09-18"}

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "gong": {"auth_method": "token", "access_key": "ak", "access_secret": "as"},
    "hubspot": {"oauth_refresh_token": "r", "client_id": "c", "client_secret": "s"},
    "mysql": {"hostname": "db.acme.example", "account": "ada", "passwd": "pw", "dbname": "company"},
    "netsuite": {
        "account_id": "1",
        "consumer_key": "ck",
        "consumer_secret": "cs",
        "token": "t",
        "token_secret": "ts",
    },
    "postgresql": {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"},
    "salesforce": {
        "domain": "https://acme.my.salesforce.com",
        "connect_mode": "api",
        "client_id": "c",
        "client_secret": "s",
        "oauth_refresh_token": "r",
    },
    "snowflake": {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"},
}

Connect = Callable[..., Awaitable[dict[str, Any]]]
Create = Callable[..., Awaitable[httpx.Response]]
Advance = Callable[[str], Awaitable[dict[str, Any]]]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


class InlineWorkers(ThreadPoolExecutor):
    """Runs work at once, or holds it until the test releases it."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.is_holding = False
        self.held: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            future.set_result(fn(*args, **kwargs))

        if self.is_holding:
            self.held.append(work)
        else:
            work()
        return future

    def release(self) -> None:
        held, self.held = self.held, []
        for work in held:
            work()


@pytest.fixture
def workers() -> InlineWorkers:
    """Workers that finish before the call returns, for a test's workspace."""
    return InlineWorkers()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Starlette]:
    app = create_sandbox(key=KEY, clock=clock)
    yield app
    app.state.workspace.close()


@pytest.fixture
async def http(sandbox: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as client:
        yield client


@pytest.fixture
def create(http: httpx.AsyncClient) -> Create:
    """Create a connection, and return the response: ``await create("snowflake", {"account": "x"})``."""

    async def asked(type_: str, configuration: dict[str, Any], **more: Any) -> httpx.Response:
        body = {"name": "A connection", "type": type_, "configuration": configuration, **more}
        return await http.post("/api/connections", json=body)

    return asked


@pytest.fixture
def connect(create: Create) -> Connect:
    """Create a healthy connection of a type and return it: ``await connect("snowflake")``."""

    async def connected(type_: str, *, name: str | None = None, **configuration: Any) -> dict[str, Any]:
        chosen = configuration or CONFIGURATIONS.get(type_, {})
        answer = await create(type_, chosen, name=name or f"My {type_}")
        assert answer.status_code == 200, answer.text
        connection: dict[str, Any] = answer.json()["data"]
        return connection

    return connected


@pytest.fixture
def advance(http: httpx.AsyncClient) -> Advance:
    """Move the clock by a duration, and return what happened."""

    async def moved(duration: str) -> dict[str, Any]:
        answer = await http.post("/sandbox/clock", json={"advance": duration})
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    return moved
