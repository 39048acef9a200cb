"""Bulk syncs and queries as tasks."""

from typing import Any

import pytest

from tests.protocol.tasks.conftest import Api, Tasks

BULK = "55555555-0000-0000-0000-000000000001"
RUN = "66666666-0000-0000-0000-000000000001"
WAREHOUSE = "11111111-0000-0000-0000-000000000001"
QUERY = "77777777-0000-0000-0000-000000000001"


def bulk(api: Api, status: str, *schemas: dict[str, Any]) -> None:
    """Let the run of the bulk sync be in a state."""
    path = f"/api/bulk/syncs/{BULK}"
    api[f"GET {path}"] = {"data": {"id": BULK, "name": "Everything"}}
    api[f"POST {path}/executions"] = {"data": {"id": RUN, "status": "created"}}
    run = {"id": RUN, "status": status, "schemas": list(schemas)}
    api[f"GET {path}/executions/{RUN}"] = {"data": run}
    api[f"POST {path}/executions/{RUN}/cancel"] = {"message": "It is being canceled."}


def query(api: Api, status: str, **parts: Any) -> None:
    """Let the query be in a state."""
    api[f"GET /api/connections/{WAREHOUSE}"] = {"data": {"id": WAREHOUSE, "name": "Warehouse"}}
    api[f"POST /api/connections/{WAREHOUSE}/query"] = {"data": {"id": QUERY, "status": "created"}}
    api[f"GET /api/queries/{QUERY}"] = {"data": {"id": QUERY, "status": status, **parts}}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("exporting", "working"),
        ("completed", "completed"),
        ("errors", "completed"),
        ("canceled", "cancelled"),
    ],
)
async def test_a_bulk_sync_is_followed_as_a_task(state: str, status: str, tasks: Tasks, api: Api) -> None:
    bulk(api, "created")

    begun = await tasks.call("start_bulk_sync", bulk_sync_id=BULK)
    bulk(api, state, {"schema": "public.users", "status": state, "record_count": 5, "error_count": 1})
    task = await tasks.ask("get", begun["taskId"])

    assert (begun["resultType"], begun["status"]) == ("task", "working")
    assert (task["status"], task["statusMessage"]) == (status, f"{state}: 5 records, 1 errors")


async def test_the_end_of_a_bulk_sync_answers_what_its_tool_would(tasks: Tasks, api: Api) -> None:
    bulk(api, "created")
    begun = await tasks.call("start_bulk_sync", bulk_sync_id=BULK)
    bulk(api, "completed", {"schema": "public.users", "status": "completed", "record_count": 5})

    task = await tasks.ask("get", begun["taskId"])
    expected = await tasks.call("get_bulk_sync_execution", bulk_sync_id=BULK, execution_id=RUN)

    assert task["result"]["structuredContent"] == expected["structuredContent"]


async def test_a_bulk_sync_is_cancelled_at_polytomic(tasks: Tasks, api: Api) -> None:
    bulk(api, "running")
    begun = await tasks.call("start_bulk_sync", bulk_sync_id=BULK)

    await tasks.ask("cancel", begun["taskId"])

    assert api.asked[-1] == f"POST /api/bulk/syncs/{BULK}/executions/{RUN}/cancel"


async def test_a_query_is_followed_as_a_task_with_the_limit_it_was_asked_with(tasks: Tasks, api: Api) -> None:
    query(api, "created")
    begun = await tasks.call("run_query", connection_id=WAREHOUSE, query="SELECT 1", limit=2)
    waiting = await tasks.ask("get", begun["taskId"])
    query(api, "done", count=3, fields=["n"], results=[{"n": 1}, {"n": 2}, {"n": 3}])

    task = await tasks.ask("get", begun["taskId"])

    assert (begun["status"], begun["statusMessage"]) == ("working", "query created")
    assert waiting["status"] == "working"
    assert (task["status"], task["statusMessage"]) == ("completed", "query done")
    assert task["result"]["structuredContent"]["rows"] == [[1], [2]]


async def test_a_limit_of_null_is_the_default(tasks: Tasks, api: Api) -> None:
    query(api, "created")
    begun = await tasks.call("run_query", connection_id=WAREHOUSE, query="SELECT 1", limit=None)
    query(api, "done", count=101, fields=["n"], results=[{"n": n} for n in range(101)])

    task = await tasks.ask("get", begun["taskId"])

    assert len(task["result"]["structuredContent"]["rows"]) == 100


async def test_a_query_that_fails_has_completed_with_the_tools_refusal(tasks: Tasks, api: Api) -> None:
    query(api, "running")
    begun = await tasks.call("run_query", connection_id=WAREHOUSE, query="SELECT")
    query(api, "failed", error="syntax error")

    task = await tasks.ask("get", begun["taskId"])

    assert task["status"] == "completed"
    assert task["result"]["isError"]
    assert task["result"]["content"][0]["text"].startswith("The query failed: syntax error.")


async def test_a_query_cannot_be_stopped_and_goes_on(tasks: Tasks, api: Api) -> None:
    query(api, "running")
    begun = await tasks.call("run_query", connection_id=WAREHOUSE, query="SELECT 1")
    api.asked.clear()

    acknowledged = await tasks.ask("cancel", begun["taskId"])

    assert acknowledged == {"resultType": "complete"}
    assert api.asked == []


async def test_to_read_a_query_again_is_no_task(tasks: Tasks, api: Api) -> None:
    query(api, "done", count=1, fields=["n"], results=[{"n": 1}])

    result = await tasks.call("run_query", query_id=QUERY, page_token=None)

    assert (result["resultType"], result["structuredContent"]["rows"]) == ("complete", [[1]])
