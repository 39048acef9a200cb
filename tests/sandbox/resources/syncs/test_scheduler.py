"""Model syncs that run by their schedules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.scheduler import scheduler
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.sandbox.conftest import Advance, Clock, InlineWorkers
from tests.sandbox.resources.syncs.conftest import CreateScheduled, Stage

DAILY = {"frequency": "daily", "hour": "6", "minute": "0"}


def dues(report: dict[str, Any]) -> list[str]:
    return [each["due"] for each in report["started"]]


async def test_a_daily_sync_runs_at_its_hour_on_each_of_seven_days(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    sync = await scheduled(DAILY)

    report = await advance("1w")

    listed = (await stage.http.get(f"/api/syncs/{sync['id']}/executions")).json()["data"]
    expected = [f"2026-01-{day}T06:00:00Z" for day in range(16, 23)]
    assert dues(report) == expected
    assert [each["created_at"] for each in reversed(listed)] == expected
    assert {each["status"] for each in report["started"]} == {"completed"}
    assert report["started"][-1]["execution_id"] == listed[0]["id"]
    assert stage.rows("public.arrivals") == [{"id": "1", "name": "Ada", "age": None}]


@pytest.mark.parametrize(
    ("schedule", "duration", "count"),
    [
        ({"frequency": "manual"}, "1w", 0),
        ({"frequency": "continuous"}, "1h", 12),
        ({"frequency": "hourly", "minute": "15"}, "1d", 24),
        ({"frequency": "weekly", "day_of_week": "monday", "hour": "6", "minute": "0"}, "2w", 2),
        ({"frequency": "custom", "minute": "*/20", "hour": "10-11"}, "1d", 6),
    ],
)
async def test_each_frequency_runs_as_often_as_documented(
    scheduled: CreateScheduled, advance: Advance, schedule: dict[str, Any], duration: str, count: int
) -> None:
    await scheduled(schedule)

    report = await advance(duration)

    assert len(report["started"]) == count


async def test_a_schedule_after_a_dbt_cloud_job_does_not_run_by_time(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    connection = await stage.connection("postgresql")
    await scheduled({"frequency": "dbtcloud", "connection_id": connection, "job_id": 1})

    assert (await advance("1w"))["started"] == []


async def test_a_sync_runs_at_the_time_that_its_status_shows(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    sync = await scheduled({"frequency": "continuous"})
    path = f"/api/syncs/{sync['id']}/status"
    shown = []
    for _ in range(3):
        shown.append((await stage.http.get(path)).json()["data"]["next_execution_time"])
        await advance("4m")

    report = await advance("4m")

    assert shown == ["2026-01-15T09:05:00Z", "2026-01-15T09:05:00Z", "2026-01-15T09:10:00Z"]
    assert dues(report) == ["2026-01-15T09:15:00Z"]


async def test_an_inactive_sync_does_not_run_and_does_not_catch_up(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    sync = await scheduled(DAILY, active=False)
    path = f"/api/syncs/{sync['id']}"

    off = await advance("3d")
    shown = (await stage.http.get(f"{path}/status")).json()["data"]["next_execution_time"]
    await stage.http.post(f"{path}/activate", json={"active": True})
    on = await advance("1d")

    assert (off["started"], shown) == ([], None)
    assert dues(on) == ["2026-01-19T06:00:00Z"]


async def test_a_deleted_sync_does_not_run(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    sync = await scheduled(DAILY)
    await stage.http.delete(f"/api/syncs/{sync['id']}")

    assert (await advance("1w"))["started"] == []


@pytest.mark.parametrize("way", ["deleted", "off"])
async def test_a_due_sync_that_is_deleted_or_turned_off_does_not_run(
    stage: Stage, scheduled: CreateScheduled, clock: Clock, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    sync = await scheduled(DAILY)
    clock.advance(days=1)
    found = timetable.upcoming(stage.workspace)
    if way == "deleted":
        stage.workspace.store.delete("sync", sync["id"])
    else:
        stage.workspace.store.put(
            "sync", sync["id"], {**stage.workspace.find("sync", sync["id"]), "active": False}
        )
    # The sync changes between the scheduler's search and its start, which a test cannot time otherwise.
    monkeypatch.setattr(timetable, "upcoming", lambda _: found)

    Scheduler(stage.workspace).run_due()

    assert stage.workspace.store.list("execution") == []


async def test_syncs_due_at_the_same_time_run_in_the_order_of_their_creation(
    scheduled: CreateScheduled, advance: Advance
) -> None:
    syncs = [await scheduled(DAILY, name=name) for name in ("b", "a", "c")]

    report = await advance("1d")

    assert [each["sync_id"] for each in report["started"]] == [sync["id"] for sync in syncs]


async def test_a_due_run_is_skipped_while_another_is_in_progress(
    stage: Stage,
    scheduled: CreateScheduled,
    advance: Advance,
    workers: InlineWorkers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The run is held, so waiting for its end would only slow the test.
    monkeypatch.setattr(scheduler, "PATIENCE", 0)
    sync = await scheduled(DAILY)
    workers.is_holding = True
    await stage.http.post(f"/api/syncs/{sync['id']}/executions", json={})

    report = await advance("1d")

    assert report["started"] == []
    assert report["skipped"] == [
        {
            "sync_id": sync["id"],
            "due": "2026-01-16T06:00:00Z",
            "reason": "an execution is under way",
        }
    ]


async def test_the_events_of_a_scheduled_run_have_its_trigger(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    await scheduled(DAILY)
    await advance("1d")

    events = (await stage.http.get("/api/events", params={"type": "sync.completed"})).json()["data"]

    (event,) = events
    assert event["created_at"] == "2026-01-16T06:00:00Z"
    assert (event["event"]["trigger"], event["event"]["schedule"]) == ("schedule", {"frequency": "daily"})


async def test_a_run_that_cannot_start_fails_with_the_reason(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    sync = await scheduled(DAILY)
    stage.workspace.tables.drop(stage.stored_table("public.arrivals"))

    (started,) = (await advance("1d"))["started"]

    execution = await stage.execution(sync, started["execution_id"])
    assert (started["status"], execution["status"]) == ("failed", "failed")
    assert "cannot run" in execution["errors"][0]


async def test_the_runs_of_one_schedule_in_one_move_are_limited(
    stage: Stage, scheduled: CreateScheduled, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three hundred runs would take too long.
    monkeypatch.setattr(scheduler, "MOST_RUNS", 3)
    often = await scheduled({"frequency": "continuous"})
    await scheduled(DAILY)

    report = await advance("1d")

    next_due = (await stage.http.get("/sandbox/clock")).json()["next_due"]
    assert dues(report) == [
        "2026-01-15T09:05:00Z",
        "2026-01-15T09:10:00Z",
        "2026-01-15T09:15:00Z",
        "2026-01-16T06:00:00Z",
    ]
    assert report["left_out"] == [
        {
            "sync_id": often["id"],
            "due": "2026-01-15T09:20:00Z",
            "reason": "more than 3 runs in one move of the clock",
        }
    ]
    assert next_due == "2026-01-16T09:05:00Z"


async def test_a_sync_that_was_overdue_several_times_runs_once(
    stage: Stage, scheduled: CreateScheduled, advance: Advance, clock: Clock
) -> None:
    sync = await scheduled(DAILY)
    clock.advance(days=3)

    overdue = (await stage.http.get(f"/api/syncs/{sync['id']}/status")).json()["data"]["next_execution_time"]
    report = await advance("1d")

    assert overdue == "2026-01-18T09:00:00Z"
    assert dues(report) == ["2026-01-16T06:00:00Z", "2026-01-19T06:00:00Z"]


async def test_nothing_starts_by_itself(stage: Stage, scheduled: CreateScheduled, clock: Clock) -> None:
    await scheduled(DAILY)
    clock.advance(days=3)

    await stage.http.get("/api/syncs")

    assert stage.workspace.store.list("execution") == []


async def test_due_syncs_are_started_on_request(
    stage: Stage, scheduled: CreateScheduled, clock: Clock, workers: InlineWorkers
) -> None:
    sync = await scheduled(DAILY)
    failing = await scheduled(DAILY, name="fails")
    gone = {"target": {"connection_id": "gone", "object": "gone"}}
    stage.workspace.store.put("sync", failing["id"], {**stage.workspace.find("sync", failing["id"]), **gone})
    clock.advance(days=1)
    workers.is_holding = True

    Scheduler(stage.workspace).run_due()
    before = [each["status"] for each in stage.workspace.store.list("execution", {"_sync_id": sync["id"]})]
    workers.release()
    Scheduler(stage.workspace).run_due()

    listed = stage.workspace.store.list("execution")
    assert (before, [each["status"] for each in listed]) == (["created"], ["completed", "failed"])


async def test_a_due_run_of_a_killed_process_is_not_repeated(tmp_path: Any, clock: Clock) -> None:
    state = tmp_path / "box.db"
    first = create_sandbox(state=state, clock=clock)
    workspace: Workspace = first.state.workspace
    sync = {
        "id": "s",
        "active": True,
        "schedule": DAILY,
        "updated_at": workspace.now(),
        "organization_id": "o",
    }
    workspace.store.put("sync", "s", sync)
    clock.advance(days=2)
    (due,) = timetable.upcoming(workspace)
    timetable.mark_due(workspace, due)
    workspace.close()

    second = create_sandbox(state=state, clock=clock)
    next_due = Scheduler(second.state.workspace).next_due()
    second.state.workspace.close()

    assert due.time == datetime(2026, 1, 16, 6, tzinfo=UTC)
    assert next_due == datetime(2026, 1, 18, 6, tzinfo=UTC)


async def test_the_events_of_runs_are_delivered_at_their_time(
    stage: Stage, scheduled: CreateScheduled, advance: Advance
) -> None:
    hook = {"endpoint": "https://hooks.acme.example", "secret": "s"}
    await stage.http.post("/api/webhooks", json=hook)
    await scheduled(DAILY)

    report = await advance("2d")

    assert [(each["attempted_at"], each["event_type"]) for each in report["deliveries"]] == [
        (f"2026-01-{day}T06:00:00Z", type_)
        for day in (16, 17)
        for type_ in ("sync.running", "sync.completed")
    ]


async def test_a_closing_sandbox_starts_no_further_runs(stage: Stage, scheduled: CreateScheduled) -> None:
    await scheduled(DAILY)
    stage.workspace.signals.closing.set()

    report = Scheduler(stage.workspace).move_to(stage.workspace.clock() + timedelta(days=3))

    assert report.started == []
