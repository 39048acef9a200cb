"""The guide by a client that follows tasks: the run is a task, and everything else is as it was."""

import io
import sys
from typing import Any, Literal

import anyio
from mcp import Client, StdioServerParameters
from mcp.client import ClientExtension
from mcp.client.extension import ClaimContext, ResultClaim
from mcp.types import CallToolResult, Request, Result
from pydantic import ConfigDict

from polytomic_mcp import Settings, build_server
from polytomic_mcp.cli.demo import GUIDE
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.cli.walk import Outcome, Walk
from polytomic_mcp.cli.web import listening
from polytomic_mcp.walkthroughs import load_walkthroughs


class Task(Result):
    model_config = ConfigDict(extra="allow")

    result_type: Literal["task"] = "task"
    task_id: str


class Seen(Result):
    status: str
    result: CallToolResult | None = None


class GetTask(Request[dict[str, Any], str]):
    method: str = "tasks/get"
    name_param = "taskId"


class Tasks(ClientExtension):
    """Follows every task to its end, and counts them."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self) -> None:
        self.followed: list[str] = []

    def claims(self) -> list[ResultClaim[Task]]:
        return [ResultClaim(result_type="task", model=Task, resolve=self.follow)]

    async def follow(self, task: Task, claim: ClaimContext) -> CallToolResult:
        self.followed.append(claim.tool_name)
        while True:
            request = GetTask(params={"taskId": task.task_id})
            seen = await claim.session.send_request(request, Seen)
            if seen.result is not None:
                assert seen.status == "completed"
                return seen.result
            assert seen.status == "working"


async def walk_guide(client: Client) -> Outcome:
    return await Walk(client, Screen(io.StringIO()), Settings()).take(load_walkthroughs()[GUIDE])


async def walk(server: Any) -> None:
    tasks = Tasks()
    with anyio.fail_after(60):
        async with Client(server, extensions=[tasks]) as client:
            outcome = await walk_guide(client)

    assert tasks.followed == ["start_sync"]
    assert (outcome.execution or {})["status"] == "completed"
    assert outcome.rows["arrived"]


async def test_the_guide_with_tasks_in_memory(settings: Settings) -> None:
    await walk(build_server(settings))


async def test_the_guide_with_tasks_over_http(settings: Settings) -> None:
    with listening(build_server(settings).streamable_http_app()) as server:
        await walk(f"{server.url}/mcp")


async def test_the_guide_with_tasks_over_stdio() -> None:
    words = ["-m", "polytomic_mcp", "serve", "--sandbox"]

    await walk(StdioServerParameters(command=sys.executable, args=words))


async def test_the_older_era_walks_the_guide_without_tasks(settings: Settings) -> None:
    tasks = Tasks()
    async with Client(build_server(settings), mode="legacy", extensions=[tasks]) as client:
        outcome = await walk_guide(client)

    assert tasks.followed == []
    assert (outcome.execution or {})["status"] == "completed"
