"""Bulk syncs run by their schedules."""

from typing import Any

import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Advance
from tests.sandbox.resources.bulk_syncs.conftest import Stage

pytestmark = pytest.mark.usefixtures("people")

DAILY = {"frequency": "daily", "hour": "6", "minute": "0"}
NOON = {"frequency": "daily", "hour": "12", "minute": "0"}


@pytest.fixture
def people(stage: Stage) -> Any:
    return stage.table("shop.people", "id name changed:number", [{"id": "1", "name": "Ada", "changed": 1}])


async def test_a_run_of_the_default_schedule_names_it(stage: Stage, advance: Advance) -> None:
    sync = await stage.sync(active=True, default_schedule=DAILY)

    report = await advance("2d")

    schedule_id = sync["default_schedule"]["id"]
    ids = {"bulk_sync_id": sync["id"], "schedule_id": schedule_id, "status": "completed"}
    (first, second) = report["started"]
    assert first == {**ids, "due": "2026-01-16T06:00:00Z", "execution_id": first["execution_id"]}
    assert second["due"] == "2026-01-17T06:00:00Z"
    execution = await stage.ask("GET", f"{sync['id']}/executions/{first['execution_id']}")
    assert (execution["type"], execution["record_count"]) == ("schedule", 1)
    status = await stage.ask("GET", f"{sync['id']}/status")
    assert status["next_execution_time"] == "2026-01-18T06:00:00Z"
    events = (await stage.http.get("/api/events", params={"type": "bulk_sync.completed"})).json()["data"]
    assert events[0]["event"]["trigger_source"] == "schedule"
    assert events[0]["event"]["schedule"] == {"id": schedule_id, "frequency": "daily"}
    assert len(stage.rows("copy.shop_people")) == 1


async def test_an_additional_schedule_runs_its_schemas_in_its_mode(stage: Stage, advance: Advance) -> None:
    stage.table("shop.orders", "id", [{"id": "1"}])
    extra = {**NOON, "schemas": ["SHOP.people"], "resync_mode": "resync"}
    sync = await stage.sync(active=True, default_schedule=DAILY, additional_schedules=[extra])

    report = await advance("1d")

    noon, morning = report["started"]
    assert (noon["due"], morning["due"]) == ("2026-01-15T12:00:00Z", "2026-01-16T06:00:00Z")
    assert noon["schedule_id"] == sync["additional_schedules"][0]["id"]
    execution = await stage.ask("GET", f"{sync['id']}/executions/{noon['execution_id']}")
    assert [each["schema"] for each in execution["schemas"]] == ["shop.people"]
    assert (execution["is_resync"], execution["is_partial"]) == (True, True)
    events = (await stage.http.get("/api/events", params={"type": "bulk_sync.completed"})).json()["data"]
    assert {each["event"]["schedule"]["id"] for each in events} == {
        noon["schedule_id"],
        morning["schedule_id"],
    }


async def test_a_schedule_for_nonincremental_fields_reads_every_record_again(
    stage: Stage, people: Any, advance: Advance
) -> None:
    extra = {**NOON, "selective_mode": "nonincrementalFields"}
    schema = {"id": "shop.people", "tracking_field": "changed"}
    sync = await stage.sync(
        active=True, default_schedule=DAILY, additional_schedules=[extra], schemas=[schema]
    )
    await stage.start(sync)
    stage.put(people, {"id": "1", "name": "Ada L.", "changed": 0})

    await stage.start(sync)
    tracked = stage.rows("copy.shop_people")
    (noon,) = (await advance("4h"))["started"]

    execution = await stage.ask("GET", f"{sync['id']}/executions/{noon['execution_id']}")
    assert [row["name"] for row in tracked] == ["Ada"]
    assert [row["name"] for row in stage.rows("copy.shop_people")] == ["Ada L."]
    assert (execution["fetch_mode"], execution["is_resync"]) == ("full", False)


async def test_of_schedules_due_at_the_same_time_the_additional_one_runs(
    stage: Stage, advance: Advance
) -> None:
    sync = await stage.sync(active=True, default_schedule=DAILY, additional_schedules=[DAILY])

    report = await advance("1d")

    (started,), (skipped,) = report["started"], report["skipped"]
    assert started["schedule_id"] == sync["additional_schedules"][0]["id"]
    assert skipped == {
        "bulk_sync_id": sync["id"],
        "schedule_id": sync["default_schedule"]["id"],
        "due": "2026-01-16T06:00:00Z",
        "reason": "another schedule of the bulk sync was due at the same time",
    }


async def test_a_schedule_whose_schemas_are_disabled_does_not_run(stage: Stage, advance: Advance) -> None:
    stage.table("shop.orders", "id", [{"id": "1"}])
    extra = {**NOON, "schemas": ["shop.people"]}
    sync = await stage.sync(active=True, additional_schedules=[extra])
    schemas = {"schemas": [{"id": "shop.people", "enabled": False}]}
    await stage.ask("PATCH", f"{sync['id']}/schemas", json=schemas)

    report = await advance("1d")

    assert report["started"] == []
    assert [each["reason"] for each in report["skipped"]] == ["none of the schedule's schemas is enabled"]


async def test_a_run_that_cannot_start_fails_with_the_reason(stage: Stage, advance: Advance) -> None:
    sync = await stage.sync(active=True, default_schedule=DAILY)
    stage.workspace.store.delete("connection", sync["destination_connection_id"])

    (started,) = (await advance("1d"))["started"]

    execution = await stage.ask("GET", f"{sync['id']}/executions/{started['execution_id']}")
    assert (started["status"], execution["schemas"]) == ("failed", [])
    assert "Unknown connection" in execution["status_message"]


async def test_the_schedules_of_every_organization_run(stage: Stage, advance: Advance) -> None:
    mine = await stage.sync(active=True, default_schedule=DAILY)
    theirs = (await stage.http.post("/api/organizations", json={"name": "Other"})).json()["data"]["id"]
    other = {**stage.workspace.find("bulk_sync", mine["id"]), "id": "other", "organization_id": theirs}
    stage.workspace.within(theirs).store.put("bulk_sync", "other", other)

    report = await advance("1d")

    assert [each["bulk_sync_id"] for each in report["started"]] == [mine["id"], "other"]
    assert [each["status"] for each in report["started"]] == ["completed", "failed"]


async def test_deleting_a_sync_deletes_its_marks(stage: Stage, advance: Advance, sandbox: Starlette) -> None:
    sync = await stage.sync(active=True, default_schedule=DAILY)
    await advance("2d")
    store = sandbox.state.workspace.store
    assert len(store.list("schedule_mark")) == 1

    await stage.http.delete(f"/api/bulk/syncs/{sync['id']}")

    assert store.list("schedule_mark") == []
