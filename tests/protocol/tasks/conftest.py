"""A Polytomic in three lines of JSON, and a client that follows tasks by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
import pytest
from mcp import Client
from mcp.client import ClientExtension
from mcp.client.extension import ClaimContext, ResultClaim
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, Request, Result
from pydantic import ConfigDict

from polytomic_mcp import Settings, build_server
from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.settings import Secret
from polytomic_mcp.tools.api_access.caller import Caller

KEY = "a-very-secret-key"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Api:
    """Answers each ``METHOD /path`` from a table, with JSON or with a status; else with 404."""

    SYNC = "33333333-0000-0000-0000-000000000001"
    RUN = "44444444-0000-0000-0000-000000000001"

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.now = NOON

    def __setitem__(self, operation: str, answer: Any) -> None:
        self.answers[operation] = answer

    def handle(self, request: httpx.Request) -> httpx.Response:
        operation = f"{request.method} {request.url.path}"
        self.asked.append(operation)
        answer = self.answers.get(operation, 404)
        return httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, json=answer)

    def runs(self, status: str, **parts: Any) -> None:
        """Let the run of the sync be in a state."""
        path = f"/api/syncs/{self.SYNC}"
        self[f"GET {path}"] = {"data": {"id": self.SYNC, "name": "Plans"}}
        self[f"POST {path}/executions"] = {"data": {"id": self.RUN, "status": "created"}}
        run = {"id": self.RUN, "status": status, "created_at": "2026-01-01T12:00:00Z", **parts}
        self[f"GET {path}/executions/{self.RUN}"] = {"data": run}
        self[f"POST {path}/executions/{self.RUN}/cancel"] = {"message": "It is being canceled."}


class Begun(Result):
    """What a call answers that began a task."""

    model_config = ConfigDict(extra="allow")

    result_type: Literal["task"] = "task"


class Follows(ClientExtension):
    """Declares that the client follows tasks; the tests do it by hand."""

    identifier = "io.modelcontextprotocol/tasks"

    def claims(self) -> list[ResultClaim[Begun]]:
        async def resolve(_: Begun, __: ClaimContext) -> CallToolResult:
            raise NotImplementedError

        return [ResultClaim(result_type="task", model=Begun, resolve=resolve)]


class TaskRequest(Request[dict[str, Any], str]):
    name_param = "taskId"


class Anything(Result):
    model_config = ConfigDict(extra="allow")


class Tasks:
    """Tasks as a client sees them, in the words of the wire."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool; return its result, or the task that it began."""
        return plain(await self.client.session.call_tool(tool, arguments, allow_claimed=True))

    async def begin(self) -> str:
        """Start the sync as a task, and return its id."""
        return (await self.call("start_sync", sync_id=Api.SYNC))["taskId"]

    async def ask(self, method: str, task_id: str, **params: Any) -> dict[str, Any]:
        """Call a method of tasks."""
        request = TaskRequest(method=f"tasks/{method}", params={"taskId": task_id, **params})
        return plain(await self.client.session.send_request(request, Anything))

    async def refused(self, method: str, task_id: str, **params: Any) -> tuple[int, str]:
        """Call a method of tasks that must fail; return the error's code and message."""
        with pytest.raises(MCPError) as caught:
            await self.ask(method, task_id, **params)
        return caught.value.error.code, caught.value.error.message


def plain(result: Result) -> dict[str, Any]:
    dumped = result.model_dump(mode="json", by_alias=True)
    dumped.pop("_meta")
    return dumped


Serve = Callable[..., MCPServer[Caller]]
Connect = Callable[..., AbstractAsyncContextManager[Tasks]]


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def serve(api: Api) -> Serve:
    """Build the real server over the scripted API."""

    def served(key: str = KEY, *, access_mode: Any = "full-access") -> MCPServer[Caller]:
        transport = httpx.MockTransport(api.handle)

        def caller(_: Polytomic) -> Caller:
            once = RetryPolicy(attempts=1)
            client = Polytomic(key, transport=transport, retry=once, access_mode=access_mode)
            return Caller(client, clock=lambda: api.now)

        toolsets = ("syncs", "bulk_syncs", "queries")
        settings = Settings(api_key=Secret(key), access_mode=access_mode, toolsets=toolsets)
        return build_server(settings, transport=transport, caller=caller)

    return served


@pytest.fixture
def connect(serve: Serve) -> Connect:
    """Connect a client that follows tasks to a server."""

    @asynccontextmanager
    async def connected(server: Any = None, **options: Any) -> AsyncIterator[Tasks]:
        options = {"extensions": [Follows()], **options}
        async with Client(server or serve(), **options) as client:
            yield Tasks(client)

    return connected


@pytest.fixture
async def tasks(connect: Connect) -> AsyncIterator[Tasks]:
    async with connect() as connected:
        yield connected


@pytest.fixture
def later(api: Api) -> Callable[[float], None]:
    """Let seconds pass."""

    def pass_(seconds: float) -> None:
        api.now += timedelta(seconds=seconds)

    return pass_
