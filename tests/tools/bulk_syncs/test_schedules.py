"""Schedules of bulk syncs in time zones, and when they run next."""

from typing import Any

import pytest

from tests.tools.bulk_syncs.conftest import BULK, NAMED
from tests.tools.conftest import ScriptedApi, Tools

PUT = f"PUT /api/bulk/syncs/{BULK}"
TOKYO = {
    "frequency": "weekly",
    "day_of_week": "monday",
    "hour": "07",
    "minute": "30",
    "timezone": "asia/tokyo",
}
IN_UTC = {"frequency": "weekly", "day_of_week": "sunday", "hour": "22", "minute": "30"}
BERLIN = TOKYO | {"timezone": "Europe/Berlin"}
MANUAL = {"frequency": "manual"}
RARE = {"selective_mode": "nonincrementalFields"}
PATHS = (
    "default_schedule",
    "additional_schedules[0]",
    "schedule.schedule",
    "schedules[1].schedule",
    "schedule.multi.schedules[0].schedule",
)


def written(path: str, times: dict[str, Any]) -> dict[str, Any]:
    """Return arguments with these times at the path."""
    return {
        "default_schedule": {"default_schedule": times},
        "additional_schedules[0]": {"additional_schedules": [times | RARE]},
        "schedule.schedule": {"schedule": {"schedule": times}},
        "schedules[1].schedule": {"schedules": [MANUAL, {"schedule": times, **RARE}]},
        "schedule.multi.schedules[0].schedule": {"schedule": {"multi": {"schedules": [{"schedule": times}]}}},
    }[path]


@pytest.mark.parametrize("path", PATHS)
async def test_a_schedule_in_a_time_zone_is_sent_in_utc(path: str, tools: Tools, bulk: ScriptedApi) -> None:
    await tools("create_bulk_sync", **NAMED, **written(path, TOKYO))

    (body,) = bulk.bodies("POST /api/bulk/syncs")
    is_default = path.startswith(("default", "schedule."))
    assert body["default_schedule"] == (IN_UTC if is_default else MANUAL)
    assert is_default or body["additional_schedules"] == [IN_UTC | RARE]


@pytest.mark.parametrize("path", PATHS)
async def test_a_schedule_that_moves_with_the_clocks_is_refused_with_its_path(
    path: str, tools: Tools, bulk: ScriptedApi
) -> None:
    text = await tools.refused("create_bulk_sync", **NAMED, **written(path, BERLIN))

    moved = "Europe/Berlin changes its offset: monday 07:30 there is monday 06:30 UTC"
    assert f"- {path}.timezone: {moved}" in text
    assert bulk.written() == []


@pytest.mark.usefixtures("bulk")
async def test_every_answer_says_when_a_bulk_sync_runs_next(tools: Tools) -> None:
    this = {"bulk_sync_id": BULK}
    hourly = {"frequency": "hourly", "minute": "45"}

    shown = await tools("get_bulk_sync", **this)
    planned = await tools("create_bulk_sync", **NAMED, default_schedule=hourly, active=True, dry_run=True)
    created = await tools("create_bulk_sync", **NAMED, default_schedule=TOKYO, active=True)
    tried = await tools("update_bulk_sync", **this, active=True, dry_run=True)
    updated = await tools("update_bulk_sync", **this, additional_schedules=[], active=True)
    idle = await tools("update_bulk_sync", **this, clear=["schedules"])

    assert shown["next_run"] == "inactive; once active: 2026-03-04T12:15:00Z"
    assert planned["next_run"] == "2026-03-04T12:45:00Z"
    assert created["next_run"] == "2026-03-08T22:30:00Z"
    assert tried["next_run"] == "2026-03-04T12:15:00Z"
    assert updated["next_run"] == "2026-03-05T05:00:00Z"
    assert idle["next_run"] == "only when started"


async def test_a_bulk_sync_answered_without_schedules_has_no_next_run(
    tools: Tools, bulk: ScriptedApi
) -> None:
    bulk.holds("bulk/syncs", {"id": BULK, "name": "B"})

    assert "next_run" not in await tools("get_bulk_sync", bulk_sync_id=BULK)


@pytest.mark.usefixtures("bulk")
async def test_a_schedule_that_is_off_is_said_every_time_with_the_call_that_switches_it_on(
    tools: Tools,
) -> None:
    this, active = {"bulk_sync_id": BULK}, {"active": True}
    hourly = {"frequency": "hourly", "minute": "45"}

    answers = [
        await tools("get_bulk_sync", **this),
        await tools("update_bulk_sync", **this, default_schedule=hourly),
        tried := await tools("update_bulk_sync", **this, default_schedule=hourly, dry_run=True),
    ]
    planned = await tools("create_bulk_sync", **NAMED, default_schedule=hourly, dry_run=True)
    on = await tools("update_bulk_sync", **this, **active, dry_run=True)

    assert [each["next_steps"][0]["arguments"] for each in answers] == [this | active] * 3
    assert all(each["next_run"].startswith("inactive; once active: ") for each in [*answers, planned])
    told = "It is inactive, so its schedule does not run. Send active: true too to switch it on."
    assert tried["note"] == planned["note"] == told
    assert not {"note", "next_steps"} & on.keys()
