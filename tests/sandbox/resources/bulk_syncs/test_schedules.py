"""The schedules of a bulk sync are listed, created, replaced and deleted."""

from typing import Any

import pytest

from tests.sandbox.conftest import Clock
from tests.sandbox.resources.bulk_syncs.conftest import Stage

DAILY = {"frequency": "daily", "hour": "5", "minute": "30"}


@pytest.fixture
async def sync(stage: Stage) -> Any:
    stage.table("shop.people", "id")
    extra = {"frequency": "weekly", "day_of_week": "1", "hour": "0", "minute": "0", "resync_mode": "resync"}
    return await stage.sync(active=True, additional_schedules=[{**extra, "schemas": ["shop.people"]}])


async def test_the_default_schedule_is_listed_first_and_keys_are_in_camel_case(
    stage: Stage, sync: dict[str, Any]
) -> None:
    default, weekly = await stage.ask("GET", f"{sync['id']}/schedules")

    assert (default["isDefault"], default["frequency"]) == (True, "manual")
    assert (weekly["isDefault"], weekly["dayOfWeek"], weekly["syncMode"]) == (False, "1", "resync")
    assert weekly["schemas"] == ["shop.people"]
    assert await stage.ask("GET", f"{sync['id']}/schedules/{weekly['id']}") == weekly


async def test_a_schedule_can_be_added(stage: Stage, sync: dict[str, Any]) -> None:
    request = {"schedule": {**DAILY, "selectiveMode": "incrementalFields"}}

    added = await stage.ask("POST", f"{sync['id']}/schedules", json=request)

    shown = (await stage.ask("GET", sync["id"]))["additional_schedules"]
    assert (added["selectiveMode"], added["syncId"]) == ("incrementalFields", sync["id"])
    assert [each["frequency"] for each in shown] == ["weekly", "daily"]


async def test_the_default_schedule_can_be_replaced(stage: Stage, sync: dict[str, Any]) -> None:
    path = f"{sync['id']}/schedules/{sync['default_schedule']['id']}"

    replaced = await stage.ask("PUT", path, json={"schedule": DAILY})

    assert (replaced["isDefault"], replaced["hour"]) == (True, "5")
    assert (await stage.ask("GET", sync["id"]))["default_schedule"]["hour"] == "5"


async def test_replacing_an_additional_schedule_keeps_its_schemas(stage: Stage, sync: dict[str, Any]) -> None:
    await stage.ask("POST", f"{sync['id']}/schedules", json={"schedule": {"frequency": "manual"}})
    path = f"{sync['id']}/schedules/{sync['additional_schedules'][0]['id']}"

    replaced = await stage.ask("PUT", path, json={"schedule": DAILY})

    assert (replaced["schemas"], replaced["syncMode"]) == (["shop.people"], "resync")
    assert (replaced["frequency"], replaced["dayOfWeek"]) == ("daily", None)
    listed = await stage.ask("GET", f"{sync['id']}/schedules")
    assert [each["frequency"] for each in listed] == ["manual", "daily", "manual"]


async def test_a_schedule_can_be_deleted_unless_it_is_the_default_one(
    stage: Stage, sync: dict[str, Any]
) -> None:
    path = f"/api/bulk/syncs/{sync['id']}/schedules"

    gone = await stage.http.delete(f"{path}/{sync['additional_schedules'][0]['id']}")
    kept = await stage.http.delete(f"{path}/{sync['default_schedule']['id']}")

    assert (gone.status_code, kept.status_code) == (204, 400)
    assert len(await stage.ask("GET", f"{sync['id']}/schedules")) == 1


async def test_an_unknown_schedule_is_not_found(stage: Stage, sync: dict[str, Any]) -> None:
    answer = await stage.http.get(f"/api/bulk/syncs/{sync['id']}/schedules/nothing")

    assert answer.status_code == 404


async def test_an_invalid_schedule_is_refused(stage: Stage, sync: dict[str, Any]) -> None:
    answer = await stage.http.post(
        f"/api/bulk/syncs/{sync['id']}/schedules", json={"schedule": {"frequency": "hourly"}}
    )

    assert stage.codes(answer, 400) == [("invalid_schedule", "additional_schedules[1].minute")]


async def test_an_additional_schedule_sent_with_its_id_keeps_it(
    stage: Stage, sync: dict[str, Any], clock: Clock
) -> None:
    stored = sync["additional_schedules"][0]
    clock.advance(hours=1)

    updated = await stage.ask("PUT", sync["id"], json=await stage.body(additional_schedules=[stored]))

    (kept,) = updated["additional_schedules"]
    assert (kept["id"], kept["created_at"]) == (stored["id"], stored["created_at"])
    assert kept["updated_at"] > stored["updated_at"]


@pytest.mark.parametrize(("active", "due"), [(True, "2026-01-19T00:00:00Z"), (False, None)])
async def test_the_earliest_schedule_is_due_next_while_the_sync_is_active(
    stage: Stage, sync: dict[str, Any], *, active: bool, due: str | None
) -> None:
    await stage.ask("POST", f"{sync['id']}/activate", json={"active": active})

    status = await stage.ask("GET", f"{sync['id']}/status")

    assert status["next_execution_time"] == due


@pytest.mark.parametrize("frequency", ["runafter", "dbtcloud", "multi"])
async def test_a_frequency_that_is_not_emulated_is_not_called_invalid(
    stage: Stage, sync: dict[str, Any], frequency: str
) -> None:
    schedule = {"frequency": frequency}

    created = await stage.create(default_schedule=schedule)
    added = await stage.http.post(f"/api/bulk/syncs/{sync['id']}/schedules", json={"schedule": schedule})

    assert (created.status_code, created.json()["metadata"]) == (501, {"operation": "POST /api/bulk/syncs"})
    assert (added.status_code, added.json()["key"]) == (501, "not_implemented")
    assert frequency in added.json()["message"]
