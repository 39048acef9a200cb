"""When schedules are due: the next time and the last one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from polytomic_mcp.catalogue.rules.frequencies import BULK_FREQUENCIES, last_time, next_time

NOW = datetime(2026, 1, 15, 9, 0, 30, tzinfo=UTC)  # a Thursday
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ({"frequency": "manual"}, None),
        ({"frequency": "runafter"}, None),
        ({"frequency": "continuous"}, "2026-01-15T09:05:30"),
        ({"frequency": "hourly", "minute": "00"}, "2026-01-15T10:00:00"),
        ({"frequency": "hourly", "minute": "15"}, "2026-01-15T09:15:00"),
        ({"frequency": "daily", "hour": "09", "minute": "00"}, "2026-01-16T09:00:00"),
        (
            {"frequency": "weekly", "day_of_week": "monday", "hour": "6", "minute": "30"},
            "2026-01-19T06:30:00",
        ),
        ({"frequency": "weekly", "day_of_week": "7", "hour": "6", "minute": "30"}, "2026-01-18T06:30:00"),
        ({"frequency": "custom", "minute": "*/20"}, "2026-01-15T09:20:00"),
        ({"frequency": "custom", "minute": "5,10-12", "hour": "9"}, "2026-01-15T09:05:00"),
        ({"frequency": "builder", "minute": "0", "hour": "0", "day_of_month": "1"}, "2026-02-01T00:00:00"),
        ({"frequency": "custom", "minute": "0", "hour": "0", "month": "mar"}, "2026-03-01T00:00:00"),
        (
            {"frequency": "custom", "minute": "0", "hour": "0", "day_of_month": "20", "day_of_week": "fri"},
            "2026-01-16T00:00:00",
        ),
        (
            {"frequency": "custom", "minute": "0", "hour": "0", "day_of_month": "29", "month": "2"},
            "2028-02-29T00:00:00",
        ),
        ({"frequency": "custom", "day_of_month": "30", "month": "2"}, None),
    ],
)
def test_the_next_time_follows_from_the_parts(schedule: dict[str, Any], due: str | None) -> None:
    found = next_time(schedule, NOW)

    assert found == (None if due is None else datetime.fromisoformat(due).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ({"frequency": "continuous"}, "2026-03-04T11:55"),
        ({"frequency": "hourly", "minute": "30"}, "2026-03-04T11:30"),
        ({"frequency": "hourly", "minute": 0}, "2026-03-04T12:00"),
        ({"frequency": "daily", "hour": "2", "minute": "05"}, "2026-03-04T02:05"),
        ({"frequency": "daily", "hour": "13", "minute": "00"}, "2026-03-03T13:00"),
        ({"frequency": "weekly", "day_of_week": "monday", "hour": "6", "minute": "0"}, "2026-03-02T06:00"),
        ({"frequency": "weekly", "day_of_week": "Thu", "hour": "6", "minute": "0"}, "2026-02-26T06:00"),
        ({"frequency": "weekly", "day_of_week": "7", "hour": "6", "minute": "0"}, "2026-03-01T06:00"),
        ({"frequency": "custom", "minute": "*/20", "hour": "9-17"}, "2026-03-04T12:00"),
        ({"frequency": "custom", "minute": "7-59/20", "hour": "1,9-10"}, "2026-03-04T10:47"),
        ({"frequency": "custom", "minute": "0", "hour": "0", "day_of_month": "31"}, "2026-01-31T00:00"),
        ({"frequency": "custom", "minute": "0", "hour": "0", "month": "dec"}, "2025-12-31T00:00"),
        (
            {"frequency": "builder", "minute": "0", "hour": "0", "day_of_month": "?", "day_of_week": "sat"},
            "2026-02-28T00:00",
        ),
        (
            {"frequency": "custom", "minute": "0", "hour": "0", "day_of_month": "1", "day_of_week": "tue"},
            "2026-03-03T00:00",
        ),
        ({"frequency": "hourly"}, "2026-03-04T12:00"),
        ({"frequency": "daily", "hour": "13"}, "2026-03-03T13:00"),
        ({"frequency": "daily", "minute": "30"}, "2026-03-04T00:30"),
    ],
)
def test_the_last_due_time_is_at_or_before_the_moment(schedule: dict[str, Any], due: str) -> None:
    assert last_time(schedule, NOON) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def cron(**parts: str) -> dict[str, Any]:
    """Return a schedule at midnight of every day, except for the given parts."""
    return {"frequency": "custom", "minute": "0", "hour": "0", **parts}


@pytest.mark.parametrize(
    ("parts", "due"),
    [
        ({"day_of_week": "fri-sun"}, "2026-03-01"),
        ({"day_of_week": "5-7"}, "2026-03-01"),
        ({"day_of_week": "0-7"}, "2026-03-04"),
        ({"day_of_week": "7-1"}, "2026-03-02"),
        ({"day_of_week": "fri-mon/2"}, "2026-03-01"),
        ({"day_of_week": "Thurs, tues"}, "2026-03-03"),
        ({"hour": "22-2"}, "2026-03-04T02:00"),
        ({"hour": "22-1/3", "minute": "30"}, "2026-03-04T01:30"),
        ({"month": "nov-jan", "day_of_month": "28-3"}, "2026-01-31"),
        ({"month": "february", "day_of_month": "29"}, "2024-02-29"),
        ({"day_of_month": "L"}, "2026-02-28"),
        ({"day_of_month": "L,15", "month": "1"}, "2026-01-31"),
        ({"day_of_week": "mon#1"}, "2026-03-02"),
        ({"day_of_week": "1#5"}, "2025-12-29"),
        ({"day_of_week": "friL"}, "2026-02-27"),
        ({"day_of_week": "7L"}, "2026-02-22"),
        ({"day_of_week": "mon#2,tue#1"}, "2026-03-03"),
    ],
)
def test_a_cron_line_can_have_wrapping_ranges_and_last_and_nth_days(parts: dict[str, str], due: str) -> None:
    assert last_time(cron(**parts), NOON) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day_of_month", "day_of_week", "due"),
    [
        ("1", "tue", "2026-03-03"),
        ("1-31", "tue", "2026-03-04"),
        ("*/2", "tue", "2026-03-03"),
        ("*/10", "tue", "2025-11-11"),
        ("2", "*/2", "2025-12-02"),
        ("?", "tue", "2026-03-03"),
    ],
)
def test_either_day_field_is_enough_unless_one_starts_with_a_star(
    day_of_month: str, day_of_week: str, due: str
) -> None:
    schedule = cron(day_of_month=day_of_month, day_of_week=day_of_week)

    assert last_time(schedule, NOON) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_the_last_29_february_is_found_across_a_century_without_one() -> None:
    moment = datetime(2104, 2, 28, tzinfo=UTC)

    assert last_time(cron(month="2", day_of_month="29"), moment) == datetime(2096, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"frequency": "manual"},
        {"frequency": "runafter", "run_after": {"sync_ids": ["a"]}},
        {"frequency": "weekly", "hour": "6", "minute": "0"},
        {"frequency": "daily", "hour": "noon", "minute": "0"},
        {"frequency": "daily", "hour": "24", "minute": "0"},
        {"frequency": "custom", "minute": "*/0"},
        {"frequency": "custom", "minute": "5/"},
        {"frequency": "custom", "minute": "5/20"},
        {"frequency": "custom", "minute": "0 0"},
        {"frequency": "custom", "minute": "1_0"},
        {"frequency": "custom", "month": "janet"},
        {"frequency": "custom", "month": "ja"},
        {"frequency": "custom", "day_of_week": "mon#6"},
        {"frequency": "custom", "day_of_week": "l"},
        {"frequency": "custom", "day_of_week": "8"},
        {"frequency": "custom", "day_of_week": "1-mon#2"},
        {"frequency": "custom", "day_of_month": "15W"},
        {"frequency": "custom", "day_of_month": "L-3"},
        {"frequency": "custom", "month": "2", "day_of_month": "30", "hour": "0", "minute": "0"},
    ],
)
def test_a_schedule_that_does_not_depend_on_time_or_cannot_be_read_has_no_due_time(
    schedule: dict[str, Any],
) -> None:
    assert last_time(schedule, NOON) is None
    assert next_time(schedule, NOON) is None


def test_a_bulk_sync_takes_the_frequencies_that_wait_for_nothing_else() -> None:
    assert set(BULK_FREQUENCIES) == {
        *("manual", "continuous", "hourly", "daily", "weekly", "custom", "builder"),
    }
