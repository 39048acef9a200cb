"""Which schedules of a sync are valid."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.resources.syncs import schedules


@pytest.mark.parametrize(
    ("schedule", "path", "message"),
    [
        ({}, "schedule.frequency", "A frequency is required. Valid values: manual, continuous"),
        (
            {"frequency": "multi"},
            "schedule.frequency",
            "Unknown frequency 'multi'. Valid values: manual, continuous",
        ),
        ({"frequency": "hourly"}, "schedule.minute", "Frequency hourly requires minute."),
        (
            {"frequency": "hourly", "minute": "60"},
            "schedule.minute",
            "Unknown minute '60'. Valid values: 0 to 59.",
        ),
        (
            {"frequency": "hourly", "minute": "*/15"},
            "schedule.minute",
            "must be a single value. For several, use frequency custom.",
        ),
        (
            {"frequency": "hourly", "minute": "x"},
            "schedule.minute",
            "Unknown minute 'x'. Valid values: 0 to 59.",
        ),
        ({"frequency": "daily", "hour": "9"}, "schedule.minute", "Frequency daily requires minute."),
        ({"frequency": "custom"}, "schedule", "Frequency custom requires at least one of"),
        ({"frequency": "custom", "minute": "*/0"}, "schedule.minute", "Unknown step '0' in minute."),
        ({"frequency": "custom", "hour": "5/2"}, "schedule.hour", "Write '5-23/2' or '*/2'."),
        ({"frequency": "custom", "hour": "24-2"}, "schedule.hour", "Valid values: 0 to 23."),
        (
            {"frequency": "weekly", "day_of_week": "mon#1", "hour": "9", "minute": "0"},
            "schedule.day_of_week",
            "single",
        ),
        (
            {"frequency": "builder", "day_of_month": "31", "month": "2"},
            "schedule.day_of_month",
            "No such date",
        ),
        ({"frequency": "custom", "day_of_week": "mondag"}, "schedule.day_of_week", "Did you mean 'monday'?"),
        ({"frequency": "runafter"}, "schedule.run_after", "Frequency runafter requires run_after."),
        (
            {"frequency": "dbtcloud", "job_id": 1},
            "schedule.connection_id",
            "Frequency dbtcloud requires connection_id.",
        ),
        (
            {"frequency": "dbtcloud", "connection_id": "c", "job_id": 1},
            "schedule.connection_id",
            "Unknown connection c.",
        ),
        (
            {"frequency": "runafter", "run_after": {"sync_ids": [], "bulk_sync_ids": None}},
            "schedule.run_after",
            "Frequency runafter requires run_after.",
        ),
        (
            {"frequency": "runafter", "run_after": {"sync_ids": ["s"]}},
            "schedule.run_after.sync_ids[0]",
            "Unknown sync s.",
        ),
    ],
)
def test_each_problem_of_a_schedule_says_what_is_valid(
    schedule: dict[str, Any], path: str, message: str
) -> None:
    store = Store()

    (problem,) = schedules.problems(schedule, store)
    store.close()

    assert problem.path == path
    assert message in problem.message


@pytest.mark.parametrize(
    "schedule",
    [
        {"frequency": "manual", "minute": ""},
        {"frequency": "continuous"},
        {"frequency": "weekly", "day_of_week": "tue", "hour": "0", "minute": "45"},
        {"frequency": "custom", "day_of_month": "?", "month": "january-june", "minute": ""},
        {"frequency": "custom", "hour": "22-2", "day_of_week": "fri-sun,monL,tue#1", "day_of_month": "L"},
        {"frequency": "runafter", "run_after": {"sync_ids": ["known"], "bulk_sync_ids": None}},
    ],
)
def test_a_schedule_with_its_parts_is_valid(schedule: dict[str, Any]) -> None:
    store = Store()
    store.put("sync", "known", {"id": "known"})

    problems = list(schedules.problems(schedule, store))
    store.close()

    assert problems == []


async def test_the_options_list_every_frequency_with_a_form_for_its_parts(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/syncs/schedules")

    options = {each["frequency"]: each for each in answer.json()["data"]["schedule_options"]}
    assert options["weekly"]["configuration"]["jsonschema"]["required"] == ["day_of_week", "hour", "minute"]
    assert options["dbtcloud"]["configuration"]["jsonschema"]["properties"]["job_id"] == {"type": "integer"}
    assert "multi" not in options
