"""The guide by a client that follows tasks: the run is a task, and everything else is as it was."""

import io
import sys
from typing import Any, Literal

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client import ClientExtension
from mcp.client.extension import ClaimContext, ResultClaim
from mcp.types import CallToolResult, Request, Result
from pydantic import ConfigDict

from polytomic_mcp import Settings, build_server
from polytomic_mcp.cli.demo.command import GUIDE
from polytomic_mcp.cli.demo.runner import Outcome, Runner
from polytomic_mcp.cli.demo.screen import Screen
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.guides import load_guides

pytestmark = pytest.mark.slow


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


async def run_guide(client: Client) -> Outcome:
    return await Runner(client, Screen(io.StringIO()), Settings()).run(load_guides()[GUIDE])


async def run_with_tasks(server: Any) -> None:
    tasks = Tasks()
    with anyio.fail_after(60):
        async with Client(server, extensions=[tasks]) as client:
            outcome = await run_guide(client)

    assert tasks.followed == ["start_sync"]
    assert (outcome.execution or {})["status"] == "completed"
    assert outcome.rows["arrived"]


async def test_the_guide_with_tasks_in_memory(settings: Settings) -> None:
    await run_with_tasks(build_server(settings))


async def test_the_guide_with_tasks_over_http(settings: Settings) -> None:
    with listening(build_server(settings).streamable_http_app()) as server:
        await run_with_tasks(f"{server.url}/mcp")


async def test_the_guide_with_tasks_over_stdio() -> None:
    words = ["-m", "polytomic_mcp", "serve", "--sandbox"]

    await run_with_tasks(StdioServerParameters(command=sys.executable, args=words))


async def test_the_older_era_runs_the_guide_without_tasks(settings: Settings) -> None:
    tasks = Tasks()
    async with Client(build_server(settings), mode="legacy", extensions=[tasks]) as client:
        outcome = await run_guide(client)

    assert tasks.followed == []
    assert (outcome.execution or {})["status"] == "completed"
