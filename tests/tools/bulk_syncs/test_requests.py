"""A bulk sync as a caller writes it: unknown names are refused at every depth, values taken in any case."""

import json
from typing import Any

import pytest

from tests.tools.bulk_syncs.conftest import BULK, DAILY, NAMED
from tests.tools.conftest import ScriptedApi, Tools

CREATE = "POST /api/bulk/syncs"


def wrapped(**parts: Any) -> dict[str, Any]:
    return {"item": "none", "schedule": DAILY | parts}


MISSPELT: dict[str, tuple[dict[str, Any], str | None]] = {
    "schemas[0].feilds": ({"schemas": [{"id": "contacts", "feilds": []}]}, "fields"),
    "schemas[0].fields[1].obfuscat": (
        {"schemas": [{"id": "contacts", "fields": ["email", {"id": "phone", "obfuscat": True}]}]},
        "obfuscate",
    ),
    "schemas[0].filters[0].functoin": (
        {"schemas": [{"id": "contacts", "filters": [{"functoin": "IsNull"}]}]},
        "function",
    ),
    "default_schedule.minutes": ({"default_schedule": DAILY | {"minutes": "5"}}, "minute"),
    "additional_schedules[0].schemata": ({"additional_schedules": [DAILY | {"schemata": []}]}, "schemas"),
    "schedule.hours": ({"schedule": DAILY | {"hours": "5"}}, "hour"),
    "schedule.schedule.hours": ({"schedule": {"schedule": DAILY | {"hours": "5"}}}, "hour"),
    "schedule.multi.typ": ({"schedule": {"multi": {"typ": "fields", "schedules": []}}}, "type"),
    "schedule.multi.schedules[0].itm": (
        {"schedule": {"multi": {"schedules": [{"itm": "none", "schedule": DAILY}]}}},
        None,
    ),
    "schedule.multi.schedules[0].schedule.hours": (
        {"schedule": {"multi": {"schedules": [wrapped(hours="5")]}}},
        "hour",
    ),
    "schedules[1].schedule.hours": ({"schedules": [DAILY, wrapped(hours="5")]}, "hour"),
    "schedules[0].selective_mod": ({"schedules": [DAILY | {"selective_mod": "none"}]}, "selective_mode"),
}


@pytest.mark.parametrize("path", MISSPELT)
@pytest.mark.parametrize("tool", ["create_bulk_sync", "update_bulk_sync"])
async def test_a_misspelt_name_is_refused_with_its_path_and_the_right_one(
    tool: str, path: str, tools: Tools, bulk: ScriptedApi
) -> None:
    written, right = MISSPELT[path]
    this = NAMED if tool == "create_bulk_sync" else {"bulk_sync_id": BULK}

    text = await tools.refused(tool, **this, **written)

    assert f"{path}: unknown name." in text
    assert right is None or f"Did you mean {right!r}?" in text
    assert bulk.requests == []


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"schedule": {"frequency": "daily", "schedule": DAILY}}, "schedule: schedule and frequency cannot"),
        (
            {"schedule": {"schedule": DAILY, "multi": {"schedules": []}}},
            "schedule: schedule and multi cannot",
        ),
        (
            {"schedule": {"frequency": "multi", "hour": "5", "multi": {"schedules": []}}},
            "schedule: multi and hour cannot",
        ),
        ({"schedules": [wrapped() | {"hour": "5"}]}, "schedules[0]: schedule and hour cannot"),
        (
            {"schedule": {"multi": {"schedules": [wrapped(frequency="RunAfter")]}}},
            "schedule.multi.schedules[0].schedule: a bulk sync can only run at set times",
        ),
    ],
)
async def test_the_times_of_a_schedule_are_in_one_place(
    written: dict[str, Any], problem: str, tools: Tools, bulk: ScriptedApi
) -> None:
    text = await tools.refused("create_bulk_sync", **NAMED, **written)

    assert problem in text
    assert bulk.requests == []


async def test_values_are_taken_in_any_case_and_under_their_older_names(
    tools: Tools, bulk: ScriptedApi
) -> None:
    await tools(
        "create_bulk_sync",
        **NAMED,
        mode="Snapshot",
        normalize_names="DISABLED",
        automatically_add_new_fields="only incremental",
        additional_schedules=[
            {"frequency": "Weekly", "dayOfWeek": "monday", "hour": 5, "minute": 30, "syncMode": "REBUILD"}
        ],
        schemas=[{"id": "contacts", "filters": json.dumps([{"field_id": "email", "function": "isnull"}])}],
    )

    (body,) = bulk.bodies(CREATE)
    assert (body["mode"], body["normalize_names"]) == ("snapshot", "disabled")
    assert body["automatically_add_new_fields"] == "onlyIncremental"
    assert body["additional_schedules"] == [
        {
            "frequency": "weekly",
            "day_of_week": "monday",
            "hour": "5",
            "minute": "30",
            "resync_mode": "rebuild",
        }
    ]
    assert body["schemas"][0]["filters"] == [{"field_id": "email", "function": "IsNull"}]


async def test_empty_texts_and_a_limit_of_0_are_left_out_of_a_new_bulk_sync(
    tools: Tools, bulk: ScriptedApi
) -> None:
    schema = {"id": "deals", "user_output_name": "", "data_cutoff_timestamp": ""}

    await tools("create_bulk_sync", **NAMED, schemas=[schema], concurrency_limit=0, mode="")

    (body,) = bulk.bodies(CREATE)
    assert body["schemas"] == [{"enabled": True, "id": "deals"}]
    assert not {"concurrency_limit", "mode"} & body.keys()


@pytest.mark.parametrize(
    ("written", "name", "older"),
    [
        ({"schedule": {"frequency": "weekly", "dayOfWeek": 1, "hour": 5, "minute": 0}}, "day_of_week", "1"),
        ({"default_schedule": {"frequency": "custom", "dayOfMonth": 15}}, "day_of_month", "15"),
    ],
)
async def test_a_number_does_for_a_text_under_an_older_name(
    written: dict[str, Any], name: str, older: str, tools: Tools, bulk: ScriptedApi
) -> None:
    del bulk

    answer = await tools("create_bulk_sync", **NAMED, **written, dry_run=True)

    assert answer["requests"][CREATE]["default_schedule"][name] == older
