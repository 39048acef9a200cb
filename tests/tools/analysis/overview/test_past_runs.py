"""What ran since a time: every run of any sync, failures first, with its counts."""

from typing import Any

import httpx
import pytest

from tests.tools.analysis.overview.conftest import append_people
from tests.tools.conftest import Connect, ScriptedApi, Tools

DAILY = {"frequency": "daily", "hour": "2", "minute": "0"}
GOOD = {"insert": 5, "update": 0, "error": 0, "total": 5}


def run(started: str, status: str = "completed", **more: Any) -> dict[str, Any]:
    """Return an execution; ``started`` is day and time in March 2026. It is noon of the fourth."""
    times = {"started_at": f"2026-03-{started}:00Z", "completed_at": f"2026-03-{started}:09Z"}
    return {"id": f"run-{started}", "status": status, **times, "counts": GOOD, **more}


@pytest.fixture
def night(api: ScriptedApi) -> ScriptedApi:
    """Two syncs and a bulk sync, and what each did in the night."""
    api["GET /api/me"] = {"data": {}}
    for kind in ("connections", "models"):
        api[f"GET /api/{kind}"] = {"data": []}
    syncs = [{"id": f"id-{name}", "name": name, "active": True, "schedule": DAILY} for name in "AB"]
    api["GET /api/syncs"] = {"data": syncs}
    api["GET /api/bulk/syncs"] = {"data": [{"id": "id-C", "name": "C"}]}
    old = run("01T02:00", "failed")
    api["GET /api/syncs/id-A/executions"] = {"data": [run("04T02:00"), old]}
    refused = run("04T03:00", counts=GOOD | {"error": 2, "total": 7})
    failed = run("04T01:00", "failed", errors=["no such table"], counts=None)
    api["GET /api/syncs/id-B/executions"] = {"data": [refused, failed, run("04T00:30", type="test")]}
    copied = run("04T04:00", counts=None, record_count=9, error_count=0)
    api["GET /api/bulk/syncs/id-C/executions"] = {"data": [copied]}
    return api


async def test_every_run_is_listed_failures_first_with_counts(tools: Tools, night: ScriptedApi) -> None:
    overview = await tools("sync_overview", since="2026-03-03T20:00:00Z")

    assert [(row["name"], row["status"], row.get("counts")) for row in overview["items"]] == [
        ("B", "failed", None),
        ("B", "completed", {"insert": 5, "error": 2, "total": 7}),
        ("C", "completed", {"records": 9}),
        ("A", "completed", {"insert": 5, "total": 5}),
        ("B", "completed", {"insert": 5, "total": 5}),
    ]
    failed, *_, tried = overview["items"]
    assert (failed["detail"], failed["started"], failed["ended"], failed["sync_id"]) == (
        "no such table",
        "2026-03-04T01:00:00Z",
        "2026-03-04T01:00:09Z",
        "id-B",
    )
    assert tried["test"] is True
    assert overview["runs"] == {"completed": 4, "failed": 1}
    assert overview["next_steps"] == [
        {"tool": "diagnose_sync", "arguments": {"sync_id": "id-B"}, "reason": "B: row_errors"}
    ]
    assert night.written() == []


@pytest.mark.parametrize(
    ("since", "names"),
    [
        ("12 hours", "BBCAB"),
        ("last_day", "BBCAB"),
        ("yesterday", "BBCAB"),
        ("12h", "BBCAB"),
        ("2026-03-04T02:30:00", "BC"),
        ("1 hour", ""),
    ],
)
@pytest.mark.usefixtures("night")
async def test_the_time_is_one_in_utc_or_how_long_ago(since: str, names: str, tools: Tools) -> None:
    overview = await tools("sync_overview", since=since)

    assert "".join(row["name"] for row in overview["items"]) == names
    assert overview["states"]


@pytest.mark.parametrize("since", ["yesterday evening", "2026-03-05", "7"])
@pytest.mark.usefixtures("night")
async def test_what_is_no_time_or_in_the_future_is_refused(since: str, tools: Tools) -> None:
    text = await tools.refused("sync_overview", since=since)

    assert f"since '{since}' is not valid. Valid values: a past time in UTC" in text


@pytest.mark.usefixtures("night")
async def test_runs_can_be_searched_paged_and_limited_to_a_state(tools: Tools) -> None:
    first = await tools("sync_overview", since="12 hours", limit=3)
    second = await tools("sync_overview", since="12 hours", limit=3, page_token=first["next_page_token"])
    failed = await tools("sync_overview", since="12 hours", query="b")
    well = await tools("sync_overview", since="12 hours", state="ok")

    assert [row["name"] for row in [*first["items"], *second["items"]]] == [*"BBCAB"]
    assert {row["name"] for row in failed["items"]} == {"B", "C"}
    assert [row["name"] for row in well["items"]] == ["C", "A"]


async def test_pages_of_runs_are_read_until_they_are_older(tools: Tools, night: ScriptedApi) -> None:
    pages = iter([[run("04T02:00")], [run("03T23:00")], [run("03T01:00")], [run("02T01:00")]])

    def page(_: httpx.Request) -> Any:
        return {"data": next(pages), "pagination": {"next_page_token": str(id(pages))}}

    tokens = iter("abcd")
    night["GET /api/syncs/id-A/executions"] = lambda request: (
        page(request) | {"pagination": {"next_page_token": next(tokens)}}
    )

    overview = await tools("sync_overview", since="14 hours", query="A")

    assert [row["started"] for row in overview["items"] if row["name"] == "A"] == [
        "2026-03-04T02:00:00Z",
        "2026-03-03T23:00:00Z",
    ]
    assert len(night.asked("GET /api/syncs/id-A/executions")) == 3


async def test_a_sync_with_more_runs_than_are_read_is_named(tools: Tools, night: ScriptedApi) -> None:
    night["GET /api/syncs/id-A/executions"] = {"data": [run("04T02:00")] * 500}

    overview = await tools("sync_overview", since="12 hours")

    assert overview["unavailable"] == [{"source": "runs of A", "reason": "only the latest 500 were read"}]


async def test_a_run_without_times_or_that_never_started_is_left_out(
    tools: Tools, night: ScriptedApi
) -> None:
    timeless = {"id": "r", "status": "created"}
    running = {"id": "s", "status": "running", "created_at": "2026-03-04T11:59:00Z"}
    night["GET /api/syncs/id-A/executions"] = {"data": [running, timeless]}

    rows = (await tools("sync_overview", since="12 hours", query="running"))["items"]

    assert [(row["id"], row["started"]) for row in rows] == [("s", "2026-03-04T11:59:00Z")]


async def test_nothing_that_ran_is_refused_only_if_something_could_not_be_read(
    tools: Tools, night: ScriptedApi
) -> None:
    night["GET /api/bulk/syncs"] = httpx.Response(403, json={"message": "no right"})

    text = await tools.refused("sync_overview", since="1 minute")

    assert "Nothing ran in what could be listed, but not everything could be read." in text


async def test_what_ran_on_the_sandbox_is_answered_in_one_call(open_sandbox: Connect) -> None:
    async with open_sandbox() as tools:
        await append_people(tools)
        await tools("start_sync", sync_id="Users")
        (row,) = (await tools("sync_overview", since="1 hour"))["items"]

    assert (row["name"], row["counts"]) == ("Users", {"insert": 41, "total": 41})
