"""Runs of a sync: started, waited for, shown with errors and logs, and canceled."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Clock, ScriptedApi, Tools

JSON_LINES = '{"Id": 1}\n\nnot json\n{"Id": 3}\n'


def serve(api: ScriptedApi, *states: dict[str, Any]) -> None:
    """Serve one execution of the sync in these states, one per request; the last one repeats."""
    left, path = list(states), f"/api/syncs/{api.SYNC}"
    run = f"{path}/executions/{api.EXECUTION}"
    api[f"POST {path}/executions"] = {"data": {"id": api.EXECUTION, "status": "created"}}
    api[f"GET {run}"] = lambda _: {
        "data": {"id": api.EXECUTION} | (left.pop(0) if len(left) > 1 else left[0])
    }
    api[f"GET {path}/status"] = {"data": {"current_execution": None, "last_execution": {"id": api.EXECUTION}}}


def serve_log(api: ScriptedApi, log: str, count: int | None, **files: Any) -> None:
    """Serve a log of that execution, as files by name."""
    run = f"GET /api/syncs/{api.SYNC}/executions/{api.EXECUTION}"
    api[f"{run}/logs"] = {"data": {log: {"count": count}}}
    api[f"{run}/{log}"] = {"data": {"urls": [f"https://app.polytomic.com/x/{name}?sig=1" for name in files]}}
    for name, content in files.items():
        api[f"{run}/{log}/{name}"] = httpx.Response(200, content=content)


async def test_a_run_is_waited_for_with_progress(tools: Tools, company: ScriptedApi, clock: Clock) -> None:
    counts = {"insert": 2, "error": 0, "update": None}
    serve(
        company,
        {"status": "created"},
        {"status": "running", "counts": counts},
        {"status": "completed", "counts": counts},
    )
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress)

    _, run = await tools.try_("start_sync", {"sync_id": "Plans to Gong"}, progress_callback=note)

    assert run["status"] == "completed"
    assert run["counts"] == {"insert": 2, "error": 0}
    assert run["sync_id"] == company.SYNC
    assert seen == [(0.0, 39.0, "created"), (1.0, 39.0, "running: 2 insert")]
    assert clock.pauses == [1.0, 1.3]


@pytest.mark.parametrize("status", ["completed", "failed", "canceled", "interrupted"])
async def test_every_end_ends_the_wait(status: str, tools: Tools, company: ScriptedApi, clock: Clock) -> None:
    serve(company, {"status": status})

    assert (await tools("start_sync", sync_id=company.SYNC, wait_seconds=600))["status"] == status
    assert clock.pauses == []


@pytest.mark.parametrize("seconds", [0, 1, 7, 600])
async def test_a_wait_is_limited_and_polls_less_and_less_often(
    seconds: float, tools: Tools, company: ScriptedApi, clock: Clock
) -> None:
    serve(company, {"status": "running"})

    run = await tools("start_sync", sync_id=company.SYNC, wait_seconds=seconds)

    assert run["status"] == "running"
    assert clock.time == pytest.approx(seconds)
    assert all(pause <= 5 for pause in clock.pauses)
    assert len(clock.pauses) <= 5 + seconds / 5


@pytest.mark.parametrize("seconds", [-1, 601, True, "nan", "inf", "soon"])
async def test_an_invalid_wait_is_refused_before_anything_runs(
    seconds: Any, tools: Tools, company: ScriptedApi
) -> None:
    text = await tools.refused("start_sync", sync_id=company.SYNC, wait_seconds=seconds)

    assert "wait_seconds" in text
    assert company.requests == []


async def test_a_log_is_split_only_at_line_feeds(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    path = f"/api/syncs/{company.SYNC}/executions/{company.EXECUTION}"
    lines = [{"row": {"id": "a\u2028b\u0085c"}}, {"row": {"id": "d"}}]
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    company[f"GET {path}/logs"] = {"data": {"errors": {"count": 2}}}
    company[f"GET {path}/errors"] = {"data": {"urls": [f"https://x.example{path}/errors/1.jsonl"]}}
    company[f"GET {path}/errors/1.jsonl"] = httpx.Response(200, text=content)

    run = await tools(
        "get_sync_execution", sync_id=company.SYNC, execution_id=company.EXECUTION, log="errors"
    )

    assert run["log"] == lines[::-1]


async def test_what_to_run_is_sent_as_it_was_given(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    rows = [[{"source": {"model_id": company.MODEL, "field": "contact_id"}, "value": "1"}]]

    await tools(
        "start_sync",
        sync_id=company.SYNC,
        resync=True,
        test=False,
        identities=["a"],
        source_identities=json.dumps(rows)[:-1] + ",]",
    )

    body = {"resync": True, "test": False, "identities": ["a"], "source_identities": rows}
    assert company.bodies(f"POST /api/syncs/{company.SYNC}/executions") == [body]


async def test_a_sync_that_is_already_running_is_not_started_again(
    tools: Tools, company: ScriptedApi
) -> None:
    company[f"POST /api/syncs/{company.SYNC}/executions"] = httpx.Response(409, json={"message": "running"})

    assert "409 running" in await tools.refused("start_sync", sync_id=company.SYNC)
    assert len(company.written()) == 1


async def test_the_first_errors_are_returned(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "failed", "errors": [f"error {number}" for number in range(9)]})

    run = await tools("get_sync_execution", sync_id=company.SYNC)

    assert run["errors"] == [f"error {number}" for number in range(5)]


@pytest.mark.parametrize(
    ("current", "last", "expected"),
    [("new", "old", "new"), (None, "old", "old"), ("new", None, "new")],
)
async def test_the_latest_run_is_the_current_one_or_else_the_last(
    current: Any, last: Any, expected: str, tools: Tools, company: ScriptedApi
) -> None:
    ids = {"current_execution": current and {"id": current}, "last_execution": last and {"id": last}}
    path = f"GET /api/syncs/{company.SYNC}"
    company[f"{path}/status"] = {"data": ids}
    company[f"{path}/executions/{expected}"] = {"data": {"id": expected, "status": "running"}}

    assert (await tools("get_sync_execution", sync_id=company.SYNC))["id"] == expected


async def test_a_sync_that_has_never_run_says_how_to_run_it(tools: Tools, company: ScriptedApi) -> None:
    company[f"GET /api/syncs/{company.SYNC}/status"] = {"data": {"current_execution": None}}

    for tool in ("get_sync_execution", "cancel_sync"):
        text = await tools.refused(tool, sync_id="plans to gong")
        assert "'Plans to Gong' has never run. Call start_sync to run it." in text


async def test_log_lines_come_newest_first_and_no_more_files_are_read_than_needed(
    tools: Tools, company: ScriptedApi
) -> None:
    serve(company, {"status": "completed"})
    serve_log(company, "errors", 7, first=b"never read", second=JSON_LINES, third='{"Id": 4}')

    run = await tools("get_sync_execution", sync_id=company.SYNC, log="errors", limit=3)

    assert run["log"] == [{"Id": 4}, {"Id": 3}, "not json"]
    assert run["log_count"] == 7
    assert not any(request.url.path.endswith("/first") for request in company.requests)


@settings(
    max_examples=settings().max_examples * 3 // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4), limit=st.integers(1, 6))
async def test_paging_through_a_log_loses_and_repeats_nothing(
    sizes: list[int], limit: int, tools: Tools, company: ScriptedApi
) -> None:
    names = [[f"{number}-{line}" for line in range(size)] for number, size in enumerate(sizes)]
    serve(company, {"status": "running"})
    serve_log(company, "errors", None, **{f"file{at}": "\n".join(each) for at, each in enumerate(names)})
    where = {"sync_id": company.SYNC, "execution_id": company.EXECUTION, "log": "errors"}

    seen, token = [], {}
    while token is not None:
        run = await tools("get_sync_execution", **where, limit=limit, **token)
        seen += run["log"]
        token = {"page_token": run["next_page_token"]} if "next_page_token" in run else None

    assert seen == [line for each in names[::-1] for line in each[::-1]]


async def test_a_log_can_be_searched(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    serve_log(company, "errors", 3, one='{"error": "Unknown contact"}\n{"error": "Too long"}\n"unknown"')

    run = await tools("get_sync_execution", sync_id=company.SYNC, log="errors", query="UNKNOWN")

    assert run["log"] == ["unknown", {"error": "Unknown contact"}]


async def test_a_page_of_a_log_fits_a_context_window(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    lines = [f"{number} " + "why it was refused " * 40 for number in range(100)]
    serve_log(company, "errors", 100, one="\n".join(lines))

    run = await tools("get_sync_execution", sync_id=company.SYNC, log="errors", limit=100)

    assert 5 < len(run["log"]) < 100
    assert run["log"] == lines[: -len(run["log"]) - 1 : -1]
    assert "truncated" not in run


async def test_a_page_token_of_something_else_is_refused(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    serve_log(company, "errors", 1, one="x")

    text = await tools.refused("get_sync_execution", sync_id=company.SYNC, log="errors", page_token="7:")

    assert "Invalid page_token." in text


async def test_the_name_of_a_log_file_is_quoted_once(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    serve_log(company, "inserts", None, **{"a b.json": '{"Id": 1}'})
    run = f"GET /api/syncs/{company.SYNC}/executions/{company.EXECUTION}/inserts"
    company[run] = {"data": {"urls": ["/somewhere/a%20b.json"]}}

    assert (await tools("get_sync_execution", sync_id=company.SYNC, log="inserts"))["log"] == [{"Id": 1}]


async def test_an_empty_log_is_not_read(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    serve_log(company, "warnings", 0, first="x")

    run = await tools("get_sync_execution", sync_id=company.SYNC, log="warnings")

    assert (run["log"], run["log_count"]) == ([], 0)
    assert company.requests[-1].url.path.endswith("/logs")


async def test_a_log_is_read_even_if_the_api_has_no_index_of_logs(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    serve_log(company, "errors", 2, one='"a"')
    del company.answers[f"GET /api/syncs/{company.SYNC}/executions/{company.EXECUTION}/logs"]

    run = await tools("get_sync_execution", sync_id=company.SYNC, log="errors")

    assert run["log"] == ["a"]
    assert "log_count" not in run


async def test_a_log_file_that_is_not_text_is_refused_by_its_name(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    serve_log(company, "records", 1, first=b"\x1f\x8b\xff")

    text = await tools.refused("get_sync_execution", sync_id=company.SYNC, log="records")

    assert "The log file first of the execution" in text


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_run_is_canceled_by_its_id_or_as_the_current_one(
    *, is_named: bool, tools: Tools, company: ScriptedApi
) -> None:
    serve(company, {"status": "canceling"})
    path = f"/api/syncs/{company.SYNC}"
    run = f"{path}/executions/{company.EXECUTION}/cancel" if is_named else f"{path}/cancel"
    company[f"POST {run}"] = {"data": {"message": "ok"}}
    named = {"execution_id": company.EXECUTION} if is_named else {}

    assert (await tools("cancel_sync", sync_id="Plans to Gong", **named))["status"] == "canceling"
    assert company.written() == [f"POST {run}"]


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_cancellation_says_if_the_run_had_already_ended(
    *, is_named: bool, tools: Tools, company: ScriptedApi
) -> None:
    serve(company, {"status": "completed"})
    path = f"POST /api/syncs/{company.SYNC}"
    company[f"{path}/cancel"] = {"data": {"message": "not running"}}
    company[f"{path}/executions/{company.EXECUTION}/cancel"] = {"data": {"message": "not running"}}
    named = {"execution_id": company.EXECUTION} if is_named else {}

    run = await tools("cancel_sync", sync_id="Plans to Gong", **named)

    assert run["status"] == "completed"
    assert run["note"] == "Nothing was canceled: the run had already ended."


async def test_a_cancellation_of_a_running_sync_has_no_note(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "running"}, {"status": "canceled"})
    company[f"POST /api/syncs/{company.SYNC}/cancel"] = {"data": {"message": "ok"}}

    run = await tools("cancel_sync", sync_id="Plans to Gong")

    assert run["status"] == "canceled"
    assert "note" not in run


COUNTS = {"insert": 0, "update": 0, "delete": 0, "error": 0}


@pytest.mark.parametrize(
    ("counts", "note"),
    [
        ({"total": 0}, "No row was written: the run found none"),
        ({"total": 41, "update": 37}, "4 of 41 rows were neither written nor rejected."),
        ({"total": 41, "delete": 37}, "4 of 41 rows were neither written nor rejected."),
        ({"total": 41, "insert": 41, "delete": 9}, None),
        ({"total": 3, "update": 2, "error": 1}, None),
    ],
)
async def test_a_run_that_left_rows_out_says_so_and_leads_on_to_why(
    counts: dict[str, int], note: str | None, tools: Tools, company: ScriptedApi
) -> None:
    serve(company, {"status": "completed", "counts": COUNTS | counts})

    run = await tools("get_sync_execution", sync_id=company.SYNC, execution_id=company.EXECUTION)

    assert run.get("note", "").startswith(note or "")
    assert ("note" in run) is (note is not None)
    if note:
        steps = [(step["tool"], step["arguments"]) for step in run["next_steps"]]
        assert steps == [("diagnose_sync", {"sync_id": company.SYNC})]


@pytest.mark.parametrize(
    ("execution", "note"),
    [
        ({"status": "completed", "counts": {"total": 1}}, None),
        ({"status": "completed", "type": "test", "counts": COUNTS | {"total": 3}}, None),
        ({"status": "running", "counts": COUNTS}, None),
    ],
)
async def test_counts_that_do_not_tell_what_was_left_out_have_no_note(
    execution: Any, note: None, tools: Tools, company: ScriptedApi
) -> None:
    serve(company, execution)

    run = await tools("get_sync_execution", sync_id=company.SYNC, execution_id=company.EXECUTION)

    assert run.get("note") is note


@pytest.mark.parametrize(
    ("parts", "is_told"),
    [
        ({"active": False, "schedule": {"frequency": "daily"}}, True),
        ({"active": False, "schedule": {"frequency": "manual"}}, False),
        ({"active": True, "schedule": {"frequency": "daily"}}, False),
    ],
)
async def test_a_run_of_an_inactive_sync_with_a_schedule_leads_on_to_switching_it_on(
    parts: Any, is_told: Any, tools: Tools, company: ScriptedApi
) -> None:
    path = f"GET /api/syncs/{company.SYNC}"
    company[path] = {"data": company.answers[path]["data"] | parts}
    serve(company, {"status": "completed", "counts": COUNTS | {"total": 1, "insert": 1}})

    run = await tools("get_sync_execution", sync_id=company.SYNC, execution_id=company.EXECUTION)

    switch = {
        "tool": "update_sync",
        "arguments": {"sync_id": company.SYNC, "active": True},
        "reason": "switches its schedule on: it is inactive",
    }
    assert run.get("next_steps") == ([switch] if is_told else None)


async def test_records_are_named_by_the_field_of_the_only_model(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "completed"})
    source = {"model_id": company.MODEL, "field": "plan"}

    await tools(
        "start_sync",
        sync_id=company.SYNC,
        source_identities=[{"source": "plan", "value": "pro"}, [{"source": {"field": "plan"}, "value": 1}]],
    )

    (body,) = company.bodies(f"POST /api/syncs/{company.SYNC}/executions")
    assert body["source_identities"] == [[{"source": source, "value": value}] for value in ("pro", "1")]
