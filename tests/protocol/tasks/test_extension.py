"""The extension as a client meets it: what becomes a task, how it is followed, stopped and refused."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client
from mcp.client import advertise
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, ErrorData

from polytomic_mcp.client import Polytomic
from polytomic_mcp.protocol.tasks import Seal
from polytomic_mcp.protocol.tasks import Tasks as TasksExtension
from polytomic_mcp.protocol.tasks.work import Work
from polytomic_mcp.tools.api_access.caller import Caller
from tests.protocol.tasks.conftest import Api, Connect

UNKNOWN = "Unknown task: its id was not created with this API key, or Polytomic no longer has the run."
IDENTIFIER = "io.modelcontextprotocol/tasks"


async def test_a_start_answers_a_task_at_once(tasks: Any, api: Api) -> None:
    api.runs("running", counts={"insert": 2, "error": 0})

    task = await tasks.call("start_sync", sync_id=api.SYNC, wait_seconds=600)

    task_id = task.pop("taskId")
    assert task == {
        "resultType": "task",
        "status": "working",
        "statusMessage": "running: 2 insert",
        "createdAt": "2026-01-01T12:00:00+00:00",
        "lastUpdatedAt": "2026-01-01T12:00:00+00:00",
        "ttlMs": None,
        "pollIntervalMs": 1000,
    }
    assert task_id.isprintable()
    assert len(task_id) < 400
    run = f"/api/syncs/{api.SYNC}/executions"
    assert api.asked == [f"GET /api/syncs/{api.SYNC}", f"POST {run}", f"GET {run}/{api.RUN}"]


@pytest.mark.parametrize("status", ["completed", "failed", "interrupted"])
async def test_an_end_inlines_what_the_tool_would_have_answered(
    status: str, tasks: Any, api: Api, connect: Connect
) -> None:
    api.runs("running")
    task_id = await tasks.begin()
    ended = "2026-01-01T12:00:09Z"
    api.runs(status, counts={"insert": 3}, errors=["no such field"], completed_at=ended)

    task = await tasks.ask("get", task_id)
    async with connect(extensions=[]) as without:
        expected = await without.call("start_sync", sync_id=api.SYNC)

    assert task["status"] == "completed"
    assert task["statusMessage"] == f"{status}: 3 insert"
    assert task["lastUpdatedAt"] == ended
    assert task["result"]["structuredContent"]["status"] == status
    assert json.loads(task["result"]["content"][0]["text"]) == expected["structuredContent"]
    assert task["result"]["structuredContent"] == expected["structuredContent"]
    assert task["result"]["resultType"] == "complete"
    assert "error" not in task


async def test_work_under_way_has_neither_result_nor_error(tasks: Any, api: Api) -> None:
    api.runs("canceling")

    task = await tasks.ask("get", await tasks.begin())

    assert task["resultType"] == "complete"
    assert task["status"] == "working"
    assert not {"result", "error", "inputRequests", "requestState"} & task.keys()


async def test_a_canceled_run_is_a_cancelled_task_that_still_tells_its_counts(tasks: Any, api: Api) -> None:
    api.runs("running")
    task_id = await tasks.begin()
    api.runs("canceled", counts={"insert": 7})

    task = await tasks.ask("get", task_id)

    assert (task["status"], task["statusMessage"]) == ("cancelled", "canceled: 7 insert")
    assert "result" not in task


async def test_a_run_that_is_over_at_once_is_a_task_as_well(tasks: Any, api: Api) -> None:
    api.runs("completed")

    task = await tasks.call("start_sync", sync_id=api.SYNC)

    assert (task["resultType"], task["status"]) == ("task", "completed")
    assert "result" not in task


async def test_the_older_the_work_the_longer_the_poll_interval(tasks: Any, api: Api, later: Any) -> None:
    api.runs("running")
    task_id = await tasks.begin()

    intervals: list[int] = []
    for seconds in (0, 30, 60, 3600):
        later(seconds)
        intervals.append((await tasks.ask("get", task_id))["pollIntervalMs"])

    assert intervals == [1000, 1500, 4500, 10_000]


@pytest.mark.parametrize("created", [None, "soon", "2026-01-01T12:00:00"])
async def test_a_start_without_a_readable_time_began_now(created: Any, tasks: Any, api: Api) -> None:
    api.runs("running", created_at=created)

    task = await tasks.call("start_sync", sync_id=api.SYNC)

    assert task["createdAt"] == "2026-01-01T12:00:00+00:00"


async def test_what_the_tool_refuses_begins_no_task(tasks: Any, api: Api) -> None:
    api["GET /api/syncs"] = {"data": []}

    result = await tasks.call("start_sync", sync_id="Plans")
    misspelt = await tasks.call("start_sync", sink_id="Plans")

    assert (result["resultType"], result["isError"]) == ("complete", True)
    assert "Did you mean 'sync_id'?" in misspelt["content"][0]["text"]


async def test_other_tools_answer_as_ever(tasks: Any, api: Api) -> None:
    api.runs("running")

    result = await tasks.call("get_sync_execution", sync_id=api.SYNC, execution_id=api.RUN)

    assert (result["resultType"], result["structuredContent"]["status"]) == ("complete", "running")


async def test_a_task_is_cancelled_at_polytomic(tasks: Any, api: Api) -> None:
    api.runs("running")
    task_id = await tasks.begin()

    acknowledged = await tasks.ask("cancel", task_id)

    assert acknowledged == {"resultType": "complete"}
    assert api.asked[-1] == f"POST /api/syncs/{api.SYNC}/executions/{api.RUN}/cancel"


async def test_to_cancel_what_is_over_changes_nothing(tasks: Any, api: Api) -> None:
    api.runs("completed")
    task_id = await tasks.begin()

    acknowledged = await tasks.ask("cancel", task_id)

    assert acknowledged == {"resultType": "complete"}
    assert not api.asked[-1].startswith("POST")


async def test_a_cancellation_that_polytomic_refuses_says_so(tasks: Any, api: Api) -> None:
    api.runs("running")
    task_id = await tasks.begin()
    api[f"POST /api/syncs/{api.SYNC}/executions/{api.RUN}/cancel"] = 403

    code, text = await tasks.refused("cancel", task_id)

    assert code == -32603
    assert text.startswith("POST /api/syncs/{sync_id}/executions/{id}/cancel was refused: 403.")


async def test_answers_that_no_one_asked_for_are_acknowledged(tasks: Any, api: Api) -> None:
    api.runs("running")

    acknowledged = await tasks.ask("update", await tasks.begin(), inputResponses={"x": {"action": "accept"}})

    assert acknowledged == {"resultType": "complete"}


async def test_a_run_that_polytomic_forgot_is_no_task(tasks: Any, api: Api) -> None:
    api.runs("running")
    task_id = await tasks.begin()
    api.answers.clear()

    assert await tasks.refused("get", task_id) == (-32602, UNKNOWN)
    assert await tasks.refused("cancel", task_id) == (-32602, UNKNOWN)


async def test_an_outage_ends_no_task(tasks: Any, api: Api) -> None:
    api.runs("running")
    task_id = await tasks.begin()
    api[f"GET /api/syncs/{api.SYNC}/executions/{api.RUN}"] = 500

    code, text = await tasks.refused("get", task_id)
    api.runs("completed")

    assert code == -32603
    assert "call again in a minute" in text
    assert (await tasks.ask("get", task_id))["status"] == "completed"


async def test_a_run_that_was_begun_but_cannot_be_seen_is_a_task_as_well(tasks: Any, api: Api) -> None:
    api.runs("running")
    api[f"GET /api/syncs/{api.SYNC}/executions/{api.RUN}"] = 429

    task = await tasks.call("start_sync", sync_id=api.SYNC)

    assert (task["resultType"], task["status"], task["statusMessage"]) == ("task", "working", "created")


async def test_an_answer_of_another_shape_is_reported_without_its_values(tasks: Any, api: Api) -> None:
    api.runs("running")
    task_id = await tasks.begin()
    api.runs(["a-secret"])  # pyright: ignore[reportArgumentType] - the wrong shape is what is tested

    code, text = await tasks.refused("get", task_id)
    api.runs("running", errors=[{"a-secret": 1}])
    of_errors = await tasks.refused("get", task_id)

    assert code == -32603
    assert "answered a list under data.status where a text was expected" in text
    assert "a-secret" not in text
    assert of_errors == (-32603, "Polytomic's answer does not have the expected shape.")


@pytest.mark.parametrize("method", ["get", "cancel", "update"])
async def test_a_client_that_did_not_declare_the_extension_has_no_tasks(
    method: str, tasks: Any, api: Api, connect: Connect
) -> None:
    api.runs("completed")
    task_id = await tasks.begin()
    more = {"inputResponses": {}} if method == "update" else {}

    async with connect(extensions=[]) as without:
        result = await without.call("start_sync", sync_id=api.SYNC)
        code, _ = await without.refused(method, task_id, **more)

    assert result["structuredContent"]["status"] == "completed"
    assert code == -32021


async def test_a_client_of_the_older_era_never_sees_a_task(api: Api, connect: Connect) -> None:
    api.runs("completed")

    async with connect(mode="legacy", extensions=[advertise(IDENTIFIER)]) as old:
        result = await old.call("start_sync", sync_id=api.SYNC)
        code, _ = await old.refused("get", "any")

    assert result["structuredContent"]["status"] == "completed"
    assert code == -32601


async def test_the_extension_is_advertised_without_settings(tasks: Any) -> None:
    assert tasks.client.server_capabilities.extensions == {IDENTIFIER: {}}
    assert tasks.client.server_capabilities.tasks is None


async def test_a_server_without_a_key_offers_no_tasks(serve: Any) -> None:
    async with Client(serve(key="")) as client:
        assert not client.server_capabilities.extensions


async def test_read_only_follows_tasks_but_begins_none(
    tasks: Any, api: Api, serve: Any, connect: Connect
) -> None:
    api.runs("running")
    task_id = await tasks.begin()

    async with connect(serve(access_mode="read-only")) as reader:
        seen = await reader.ask("get", task_id)
        hidden = await reader.call("start_sync", sync_id=api.SYNC)
        code, text = await reader.refused("cancel", task_id)

    assert seen["status"] == "working"
    assert hidden["isError"]
    assert (code, "read-only" in text) == (-32603, True)


@pytest.fixture
def broken() -> MCPServer[Any]:
    """A server whose one tool begins work that ends in an error of the protocol."""

    async def look(_: Any, name: str) -> ErrorData:
        return ErrorData(code=-32603, message=f"{name} broke.")

    def seen(_: Any) -> Any:
        return "working"

    async def begin(waits: bool = True) -> CallToolResult:  # noqa: FBT001, FBT002 - a tool's argument
        return CallToolResult(content=[], structured_content={"name": f"engine, {waits}"})

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[Caller]:
        yield Caller(Polytomic("unused"))

    works = {"begin": Work({"waits": False}, ("name",), look, seen, seen)}
    server = MCPServer(
        "broken", version="1", extensions=[TasksExtension(Seal.of_key("k"), works)], lifespan=lifespan
    )
    server.add_tool(begin)
    return server


async def test_work_that_ends_in_an_error_of_the_protocol_has_failed(broken: Any, connect: Connect) -> None:
    async with connect(broken) as tasks:
        begun = await tasks.call("begin")
        task = await tasks.ask("get", begun["taskId"])

    assert begun["statusMessage"] == "working"
    assert task["status"] == "failed"
    assert task["error"] == {"code": -32603, "message": "engine, False broke."}
    assert not {"result", "statusMessage"} & task.keys()
