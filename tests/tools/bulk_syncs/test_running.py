"""Runs of a bulk sync: started, waited for, and canceled."""

import json
from typing import Any

import httpx
import pytest

from tests.tools.bulk_syncs.conftest import BULK, RunStates
from tests.tools.conftest import Clock, ScriptedApi, Tools

RUN = "66666666-0000-0000-0000-000000000001"
PATH = f"/api/bulk/syncs/{BULK}"
START = f"POST {PATH}/executions"
NAME = "HubSpot to PostgreSQL"


async def test_a_run_is_waited_for_with_its_schemas_as_progress(
    tools: Tools, run_states: RunStates, run_schemas: Any, clock: Clock
) -> None:
    done = [schema | {"status": "completed"} for schema in run_schemas]
    run_states(
        {"status": "created"},
        {"status": "running", "schemas": run_schemas},
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


async def test_schemas_without_records_yet_are_counted_in_the_progress(
    tools: Tools, run_states: RunStates
) -> None:
    run_states(
        {"status": "running", "schemas": [{"schema": "a", "status": "created"}]},
        {"status": "completed"},
    )
    seen: list[str | None] = []

    async def note(*progress: Any) -> None:
        seen.append(progress[2])

    await tools.try_("start_bulk_sync", {"bulk_sync_id": NAME}, progress_callback=note)

    assert seen == ["running: 0 of 1 schemas ended"]


@pytest.mark.parametrize("status", ["completed", "failed", "errors", "canceled", "interrupted"])
async def test_every_end_ends_the_wait(
    status: str, tools: Tools, run_states: RunStates, clock: Clock
) -> None:
    run_states({"status": status})

    assert (await tools("start_bulk_sync", bulk_sync_id=BULK, wait_seconds=600))["status"] == status
    assert clock.pauses == []


async def test_a_run_that_has_not_ended_says_how_to_keep_waiting(
    tools: Tools, run_states: RunStates, run_schemas: Any, clock: Clock
) -> None:
    run_states({"status": "exporting", "schemas": run_schemas})

    run = await tools("start_bulk_sync", bulk_sync_id=BULK, wait_seconds=7)

    assert clock.time == pytest.approx(7, abs=1)
    (step,) = run["next_steps"]
    assert step["tool"] == "get_bulk_sync_execution"
    assert step["arguments"] == {"bulk_sync_id": BULK, "execution_id": RUN, "wait_seconds": 45}


async def test_failed_schemas_come_first_with_the_call_that_shows_the_cause(
    tools: Tools, run_states: RunStates, run_schemas: Any
) -> None:
    run_states({"status": "errors", "schemas": run_schemas, "record_count": None, "warning_count": 9})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME, limit=2)

    assert run["schemas"] == [
        {"schema_id": "deals", "status": "failed", "error_count": 2, "status_message": "no such column"},
        {"schema_id": "companies", "status": "running", "record_count": 7},
    ]
    assert (run["record_count"], run["warning_count"]) == (47, 9)
    assert run["next_page_token"].startswith("contacts~")
    token = run["next_steps"][2]["arguments"]["page_token"]
    assert token.startswith("contacts~")
    more = {"bulk_sync_id": BULK, "execution_id": RUN, "limit": 2, "page_token": token}
    assert [(step["tool"], step["arguments"]) for step in run["next_steps"]] == [
        ("get_bulk_sync_execution", {"bulk_sync_id": BULK, "execution_id": RUN, "log": True}),
        ("start_bulk_sync", {"bulk_sync_id": BULK, "schemas": ["deals"]}),
        ("get_bulk_sync_execution", more),
    ]


async def test_a_run_that_failed_as_a_whole_is_not_rerun_by_schema(
    tools: Tools, run_states: RunStates
) -> None:
    run_states({"status": "failed", "status_message": "no disk"})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME)

    assert run["status_message"] == "no disk"
    assert [step["tool"] for step in run["next_steps"]] == ["get_bulk_sync_execution"]


async def test_schemas_to_run_are_given_by_name_and_sent_by_id(
    tools: Tools, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states({"status": "completed"})

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
    ("given", "reason"),
    [
        ({"resync": True, "resync_mode": "refetch"}, "send only resync_mode"),
        ({"test": True, "resync": True}, "A test cannot resync"),
        ({"test": True, "resync_mode": "refetch"}, "A test cannot resync"),
    ],
)
async def test_contradicting_arguments_are_refused(
    given: dict[str, Any], reason: str, tools: Tools, bulk: ScriptedApi
) -> None:
    assert reason in await tools.refused("start_bulk_sync", bulk_sync_id=NAME, **given)
    assert bulk.requests == []


async def test_an_unknown_schema_starts_nothing(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME, schemas=["deal"])

    assert text.startswith("schemas[0]: Unknown schema 'deal'. Did you mean 'deals'?")
    assert text.endswith("Nothing was started.")
    assert bulk.written() == []


async def test_a_bulk_sync_that_is_already_running_says_how_to_wait_for_it(
    tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[START] = httpx.Response(409, json={"message": "running"})

    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME)

    assert "409 running" in text
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert step["arguments"] == {"bulk_sync_id": BULK, "wait_seconds": 45}


@pytest.mark.parametrize(
    ("current", "last", "expected"),
    [("new", "old", "new"), (None, "old", "old"), ("new", None, "new")],
)
async def test_the_latest_run_is_the_current_one_or_else_the_last(
    current: Any, last: Any, expected: str, tools: Tools, bulk: ScriptedApi
) -> None:
    ids = {"current_execution": current and {"id": current}, "last_execution": last and {"id": last}}
    bulk[f"GET {PATH}/status"] = {"data": ids}
    bulk[f"GET {PATH}/executions/{expected}"] = {"data": {"id": expected, "status": "running"}}

    assert (await tools("get_bulk_sync_execution", bulk_sync_id=BULK))["id"] == expected


async def test_a_bulk_sync_that_has_never_run_says_how_to_run_it(tools: Tools, bulk: ScriptedApi) -> None:
    bulk[f"GET {PATH}/status"] = {"data": {"current_execution": None}}

    for tool in ("get_bulk_sync_execution", "cancel_bulk_sync"):
        text = await tools.refused(tool, bulk_sync_id=NAME)
        assert text.startswith(f"The bulk sync '{NAME}' has never run. Call start_bulk_sync to run it.")


@pytest.mark.slow
async def test_a_long_message_is_truncated_and_the_suggested_call_reads_the_rest(
    tools: Tools, run_states: RunStates, run_schemas: Any
) -> None:
    message = "no such column, " * 4000
    failed = {"schema": "deals", "status": "failed", "status_message": message}
    run_states({"status": "failed", "status_message": message, "schemas": [run_schemas[0], failed]})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME)

    for cut in run["truncated"]:
        is_whole = cut["pointer"] == "/status_message"
        text = run["status_message"] if is_whole else run["schemas"][0]["status_message"]
        step = cut["rest"]
        while step is not None:
            more = await tools(step["tool"], **step["arguments"])
            text += more["result"]
            step = more["truncated"][0]["rest"] if "truncated" in more else None
        assert text == message
    assert [cut["pointer"] for cut in run["truncated"]] == ["/schemas/0/status_message", "/status_message"]


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_run_is_canceled_by_its_id_or_as_the_current_one(
    *, is_named: bool, tools: Tools, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states({"status": "canceling"})
    cancel = f"POST {PATH}/executions/{RUN}/cancel" if is_named else f"POST {PATH}/cancel"
    bulk[cancel] = {"data": {"message": "ok"}}
    named = {"execution_id": RUN} if is_named else {}

    assert (await tools("cancel_bulk_sync", bulk_sync_id=NAME, **named))["status"] == "canceling"
    assert bulk.written() == [cancel]


@pytest.mark.parametrize(
    ("states", "is_noted"), [(["completed"], True), (["errors"], True), (["running", "canceled"], False)]
)
async def test_a_cancellation_says_if_the_run_had_already_ended(
    *, states: list[str], is_noted: bool, tools: Tools, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states(*[{"status": status} for status in states])
    bulk[f"POST {PATH}/cancel"] = {"data": {"message": "ok"}}

    run = await tools("cancel_bulk_sync", bulk_sync_id=NAME)

    assert run["status"] == states[-1]
    assert (run.get("note") == "Nothing was canceled: the run had already ended.") is is_noted


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"resync_mode": "rebild"}, "resync_mode: Unknown mode 'rebild'. Did you mean 'rebuild'?"),
        ({"fetch_mode": "some"}, "fetch_mode: Unknown mode 'some'."),
        ({"schemas": ["contacts", "deal"]}, "schemas[1]: Unknown schema 'deal'. Did you mean 'deals'?"),
    ],
)
async def test_a_start_with_unknown_values_is_refused(
    written: dict[str, Any], problem: str, tools: Tools, bulk: ScriptedApi
) -> None:
    text = await tools.refused("start_bulk_sync", bulk_sync_id=BULK, **written)

    assert problem in text
    assert "Nothing was started." in text
    assert bulk.written() == []


async def test_modes_of_a_start_are_taken_in_any_case(
    tools: Tools, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states({"status": "completed"})

    await tools("start_bulk_sync", bulk_sync_id=BULK, resync_mode="Refetch", fetch_mode="FULL")

    assert bulk.bodies(START) == [{"resync_mode": "refetch", "fetch_mode": "full"}]


@pytest.mark.parametrize("part", [{"record_count": 0}, {"schemas": [{"schema": "a", "record_count": 0}]}])
async def test_a_run_that_copied_nothing_says_so(
    part: dict[str, Any], tools: Tools, run_states: RunStates
) -> None:
    run_states({"status": "completed", **part})

    run = await tools("start_bulk_sync", bulk_sync_id=NAME)

    assert run["note"].startswith("No record was copied")
    assert [step["tool"] for step in run["next_steps"]] == ["get_bulk_sync"]


@pytest.mark.parametrize("status", [400, 503])
async def test_a_start_that_is_refused_leads_to_what_is_wrong_unless_the_api_is_out(
    status: int, tools: Tools, run_states: RunStates, api: ScriptedApi
) -> None:
    run_states({"status": "completed"})
    api[START] = httpx.Response(status, json={"message": "The source is unhealthy"})

    refused = await tools.refused("start_bulk_sync", bulk_sync_id=NAME)

    assert ('"tool":"sync_overview"' in refused) is (status == 400)
    assert "Correct the problem" not in refused
