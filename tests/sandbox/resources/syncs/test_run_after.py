"""Model syncs that run after other syncs."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.resources.syncs import executions
from tests.sandbox.conftest import Advance, InlineWorkers
from tests.sandbox.resources.syncs.conftest import CreateScheduled, Stage

DAILY = {"frequency": "daily", "hour": "6", "minute": "0"}


@pytest.fixture
def after(scheduled: CreateScheduled) -> Any:
    """Return a function that creates a sync that runs after others."""

    async def create(*others: str, **more: Any) -> dict[str, Any]:
        kinds = {"run_after": {"sync_ids": list(others)}, "frequency": "runafter"}
        sync: dict[str, Any] = await scheduled(kinds | more, name="after")
        return sync

    return create


async def test_a_sync_runs_after_each_run_of_another(
    scheduled: CreateScheduled, after: Any, advance: Advance
) -> None:
    first = await scheduled(DAILY)
    second = await after(first["id"])

    report = await advance("2d")

    dues = [each["due"] for each in report["started"]]
    assert [each["sync_id"] for each in report["started"]] == [first["id"], second["id"]] * 2
    assert dues == ["2026-01-16T06:00:00Z"] * 2 + ["2026-01-17T06:00:00Z"] * 2


async def test_a_sync_runs_after_a_manual_run_but_not_after_a_test(
    stage: Stage, scheduled: CreateScheduled, after: Any, advance: Advance
) -> None:
    first = await scheduled({"frequency": "manual"})
    await after(first["id"])
    counts = []
    for _ in range(2):
        await stage.start(first)
        counts.append(len((await advance("0"))["started"]))

    test = await stage.start(first, test=True)
    counts.append(len((await advance("1h"))["started"]))

    assert counts == [1, 1, 0]
    assert test["type"] == "test"


async def test_a_sync_runs_after_an_interrupted_run(
    stage: Stage, scheduled: CreateScheduled, after: Any, advance: Advance, workers: InlineWorkers
) -> None:
    first = await scheduled({"frequency": "manual"})
    second = await after(first["id"])
    workers.is_holding = True
    await stage.start(first)
    executions.interrupt_all(stage.workspace)
    workers.is_holding = False

    report = await advance("0")

    assert [each["sync_id"] for each in report["started"]] == [second["id"]]


async def test_a_sync_that_runs_after_several_waits_for_all_of_them(
    stage: Stage, scheduled: CreateScheduled, after: Any, advance: Advance
) -> None:
    first, second = [await scheduled({"frequency": "manual"}, name=name) for name in "ab"]
    sync = await after(first["id"], second["id"])

    await stage.start(first)
    one = await advance("1h")
    await stage.start(second)
    both = await advance("1h")

    assert one["started"] == []
    assert [each["sync_id"] for each in both["started"]] == [sync["id"]]


async def test_a_sync_may_run_only_after_a_success(
    stage: Stage, scheduled: CreateScheduled, after: Any, advance: Advance
) -> None:
    first = await scheduled(DAILY)
    await after(first["id"], run_after_success_only=True)
    always = await after(first["id"])
    people = stage.stored_table("public.people")
    stage.workspace.tables.drop(people)

    report = await advance("1d")

    assert [each["sync_id"] for each in report["started"]] == [first["id"], always["id"]]


async def test_a_sync_does_not_wait_for_a_deleted_sync(
    stage: Stage, scheduled: CreateScheduled, after: Any, advance: Advance
) -> None:
    first, second = [await scheduled({"frequency": "manual"}, name=name) for name in "ab"]
    await after(first["id"], second["id"])
    await stage.http.delete(f"/api/syncs/{second['id']}")
    await stage.start(first)

    assert len((await advance("1h"))["started"]) == 1


async def test_a_sync_cannot_run_after_itself(
    stage: Stage, model: str, scheduled: CreateScheduled, after: Any
) -> None:
    first = await scheduled(DAILY)
    second = await after(first["id"])
    third = await after(first["id"], second["id"])
    schedule = {"frequency": "runafter", "run_after": {"sync_ids": [third["id"]]}}
    body = await stage.body(model, "public.arrivals", **stage.MAPPED, schedule=schedule)

    answer = await stage.http.put(f"/api/syncs/{first['id']}", json=body)

    assert stage.codes(answer) == [("invalid_schedule", "schedule.run_after")]
