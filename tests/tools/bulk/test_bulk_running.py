"""Runs of a bulk sync: started, followed for a bounded time, told schema by schema, and canceled."""

import json
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

BULK = "55555555-0000-0000-0000-000000000001"
RUN = "66666666-0000-0000-0000-000000000001"
PATH = f"/api/bulk/syncs/{BULK}"
START = f"POST {PATH}/executions"
NAME = "HubSpot to PostgreSQL"
SCHEMAS = [
    {
        "schema": "contacts",
        "output_name": "people",
        "status": "completed",
        "record_count": 40,
        "version": "1",
    },
    {"schema": "deals", "status": "failed", "error_count": 2, "status_message": "no such column"},
    {"schema": "companies", "status": "running", "record_count": 7},
]


def serve(api: Any, *states: dict[str, Any]) -> None:
    """Serve one execution of the bulk sync in those states, the last for ever."""
    left = list(states)
    api[START] = {"data": {"id": RUN, "status": "created"}}
    api[f"GET {PATH}/executions/{RUN}"] = lambda _: {
        "data": {"id": RUN} | (left.pop(0) if len(left) > 1 else left[0])
    }
    api[f"GET {PATH}/status"] = {"data": {"current_execution": None, "last_execution": {"id": RUN}}}


async def test_a_run_is_followed_to_its_end_with_its_schemas_as_progress(
    tools: Any, bulk: Any, clock: Any
) -> None:
    done = [schema | {"status": "completed"} for schema in SCHEMAS]
    serve(
        bulk,
        {"status": "created"},
        {"status": "running", "schemas": SCHEMAS},
        {"status": "completed", "schemas": done},
    )
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress)

    _, run = await tools.try_("start_bulk_sync", {"bulk_sync_id": NAME}, progress_callback=note)

    assert (run["status"], run["record_count"], run["error_count"]) == ("completed", 47, 2)
    assert run["schemas_by_status"] == {"completed": 3}
    assert "next_steps" not in run
    assert [message for _, _, message in seen] == [
        "created",
        "running: 2 of 3 schemas ended, records: contacts 40; companies 7",
    ]
    assert clock.pauses == [1.0, 1.3]


async def test_schemas_that_have_moved_nothing_yet_are_counted_all_the_same(tools: Any, bulk: Any) -> None:
    serve(
        bulk,
        {"status": "running", "schemas": [{"schema": "a", "status": "created"}]},
        {"status": "completed"},
    )
    seen: list[str | None] = []

    async def note(*progress: Any) -> None:
        seen.append(progress[2])

    await tools.try_("start_bulk_sync", {"bulk_sync_id": NAME}, progress_callback=note)

    assert seen == ["running: 0 of 1 schemas ended"]


@pytest.mark.parametrize("status", ["completed", "failed", "errors", "canceled", "interrupted"])
async def test_every_end_ends_the_wait(status: str, tools: Any, bulk: Any, clock: Any) -> None:
    serve(bulk, {"status": status})

    assert (await tools("start_bulk_sync", bulk_sync_id=BULK, wait_seconds=600))["status"] == status
    assert clock.pauses == []


async def test_a_run_that_goes_on_says_how_to_follow_it(tools: Any, bulk: Any, clock: Any) -> None:
    serve(bulk, {"status": "exporting", "schemas": SCHEMAS})

    run = await tools("start_bulk_sync", bulk_sync_id=BULK, wait_seconds=7)

    assert clock.time == pytest.approx(7, abs=1)
    (step,) = run["next_steps"]
    assert step["tool"] == "get_bulk_sync_execution"
    assert step["arguments"] == {"bulk_sync_id": BULK, "execution_id": RUN, "wait_seconds": 60}


async def test_what_failed_comes_first_with_the_way_to_its_cause(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "errors", "schemas": SCHEMAS, "record_count": None, "warning_count": 9})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME, limit=2)

    assert run["schemas"] == [
        {"schema_id": "deals", "status": "failed", "error_count": 2, "status_message": "no such column"},
        {"schema_id": "contacts", "output_name": "people", "status": "completed", "record_count": 40},
    ]
    assert (run["record_count"], run["warning_count"]) == (47, 9)
    assert run["truncated"][0]["rest"]["arguments"]["limit"] == 3
    assert [(step["tool"], step["arguments"]) for step in run["next_steps"]] == [
        ("get_bulk_sync_execution", {"bulk_sync_id": BULK, "execution_id": RUN, "log": True}),
        ("start_bulk_sync", {"bulk_sync_id": BULK, "schemas": ["deals"]}),
    ]


async def test_a_run_that_failed_as_a_whole_is_not_run_again_by_schema(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "failed", "status_message": "no disk"})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME)

    assert run["status_message"] == "no disk"
    assert [step["tool"] for step in run["next_steps"]] == ["get_bulk_sync_execution"]


async def test_what_to_run_is_named_and_goes_out_by_id(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "completed"})

    await tools(
        "start_bulk_sync",
        bulk_sync_id=NAME,
        schemas=["People", "deals"],
        fetch_mode="full",
        resync_mode="refetch",
    )

    sent = {"schemas": ["contacts", "deals"], "fetch_mode": "full", "resync_mode": "refetch"}
    assert bulk.bodies(START) == [sent]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"resync": True}, {"resync_mode": "rebuild"}),
        ({"resync": True, "resync_mode": "rebuild"}, {"resync_mode": "rebuild"}),
        ({"resync": False}, {}),
        ({"resync": False, "resync_mode": "resync"}, {"resync_mode": "resync"}),
        ({"test": True, "resync": False}, {"test": True}),
    ],
)
async def test_the_old_spelling_of_a_resync_is_understood(
    given: dict[str, Any], sent: dict[str, Any], tools: Any, bulk: Any
) -> None:
    serve(bulk, {"status": "completed"})

    await tools("start_bulk_sync", bulk_sync_id=NAME, **given)

    assert bulk.bodies(START) == [sent]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"resync": True, "resync_mode": "refetch"}, "send resync_mode alone"),
        ({"test": True, "resync": True}, "a test cannot resync"),
        ({"test": True, "resync_mode": "refetch"}, "a test cannot resync"),
    ],
)
async def test_what_excludes_each_other_is_refused(
    given: dict[str, Any], reason: str, tools: Any, bulk: Any
) -> None:
    assert reason in await tools.refused("start_bulk_sync", bulk_sync_id=NAME, **given)
    assert bulk.requests == []


async def test_an_unknown_schema_starts_nothing(tools: Any, bulk: Any) -> None:
    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME, schemas=["deal"])

    assert text.startswith("schemas: No schema is called 'deal'. Did you mean 'deals'?")
    assert text.endswith("Nothing was started.")
    assert bulk.written() == []


async def test_a_bulk_sync_that_runs_already_says_how_to_follow_it(tools: Any, bulk: Any) -> None:
    bulk[START] = httpx.Response(409, json={"message": "running"})

    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME)

    assert "409 running" in text
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert step["arguments"] == {"bulk_sync_id": BULK, "wait_seconds": 60}


@pytest.mark.parametrize(
    ("current", "last", "expected"),
    [("new", "old", "new"), (None, "old", "old"), ("new", None, "new")],
)
async def test_the_latest_run_is_the_one_under_way_or_else_the_last(
    current: Any, last: Any, expected: str, tools: Any, bulk: Any
) -> None:
    ids = {"current_execution": current and {"id": current}, "last_execution": last and {"id": last}}
    bulk[f"GET {PATH}/status"] = {"data": ids}
    bulk[f"GET {PATH}/executions/{expected}"] = {"data": {"id": expected, "status": "running"}}

    assert (await tools("get_bulk_sync_execution", bulk_sync_id=BULK))["id"] == expected


async def test_a_bulk_sync_that_has_never_run_says_how_to_run_it(tools: Any, bulk: Any) -> None:
    bulk[f"GET {PATH}/status"] = {"data": {"current_execution": None}}

    for tool in ("get_bulk_sync_execution", "cancel_bulk_sync"):
        text = await tools.refused(tool, bulk_sync_id=NAME)
        assert text.startswith(f"The bulk sync '{NAME}' has never run; start_bulk_sync runs it.")


async def test_the_newest_console_lines_come_first(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "completed"})
    lines = [
        {
            "id": str(hour),
            "timestamp": f"2026-01-01T0{hour}:00:00Z",
            "level": "info",
            "message": f"line {hour}",
        }
        for hour in range(3)
    ]
    bulk[f"GET {PATH}/executions/{RUN}/consolelog"] = {"data": {"entries": lines}}

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME, log=True, limit=2)

    assert [line["message"] for line in run["log"]] == ["line 2", "line 1"]
    assert run["log"][0].keys() == {"timestamp", "level", "message"}


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_run_is_canceled_by_its_id_or_as_what_runs(*, is_named: bool, tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "canceling"})
    cancel = f"POST {PATH}/executions/{RUN}/cancel" if is_named else f"POST {PATH}/cancel"
    bulk[cancel] = {"data": {"message": "ok"}}
    named = {"execution_id": RUN} if is_named else {}

    assert (await tools("cancel_bulk_sync", bulk_sync_id=NAME, **named))["status"] == "canceling"
    assert bulk.written() == [cancel]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("is_wanted", [True, False])
async def test_a_bulk_sync_is_deleted_when_a_person_says_so(
    *, mode: str, is_wanted: bool, connect: Any, bulk: Any
) -> None:
    bulk[f"DELETE {PATH}"] = httpx.Response(204)
    questions: list[str] = []

    async def person(context: Any, params: Any) -> ElicitResult:
        del context
        questions.append(params.message)
        return ElicitResult(action="accept", content={"delete": is_wanted})

    async with connect(mode=mode, elicitation_callback=person) as tools:
        is_error, _ = await tools.try_("delete_bulk_sync", {"bulk_sync_id": NAME})

    assert is_error != is_wanted
    assert bulk.written() == ([f"DELETE {PATH}"] if is_wanted else [])
    assert questions[0].startswith(f"Delete the bulk sync '{NAME}' ({BULK})?\nIts schedules and history go")
