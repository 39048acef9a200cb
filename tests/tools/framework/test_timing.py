"""Schedules as people and other products spell them, in the API's spelling."""

from datetime import UTC, datetime
from typing import Any

import pytest

from polytomic_mcp.tools.framework.requests import Draft
from polytomic_mcp.tools.framework.timing import Timing, convert_to_utc

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
AT = {"hour": "7", "minute": "30"}
WORKDAYS = {"frequency": "custom", "day_of_week": "mon-fri", **AT}


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ({"frequency": "weekly", "day_of_week": "Weekdays", **AT}, WORKDAYS),
        ({"frequency": "daily", "day_of_week": "mon-fri", **AT}, WORKDAYS),
        ({"frequency": "weekdays", **AT}, WORKDAYS),
        ({"frequency": "weekdays at 7:30"}, WORKDAYS | {"hour": "07"}),
        ({"frequency": "30 7 * * mon-fri"}, WORKDAYS | {"day_of_month": "*", "month": "*"}),
        (
            {"frequency": "weekly", "day_of_week": ["monday", 3], **AT},
            {"frequency": "custom", "day_of_week": "monday,3", **AT},
        ),
        (
            {"frequency": "weekend at 9"},
            {"frequency": "custom", "day_of_week": "sat,sun", "hour": "09", "minute": "00"},
        ),
        (
            {"frequency": "monday at 7:30"},
            {"frequency": "weekly", "day_of_week": "monday", "hour": "07", "minute": "30"},
        ),
        ({"frequency": "hourly at :15"}, {"frequency": "hourly", "minute": "15"}),
        ({"frequency": "every 15 minutes"}, {"frequency": "custom", "minute": "*/15"}),
        ({"frequency": "every day at 07:30"}, {"frequency": "daily", "hour": "07", "minute": "30"}),
        ({"frequency": "daily", "hour": "7:30"}, {"frequency": "daily", **AT}),
        (
            {"frequency": "hourly", "minute": "0", "hour": "9-17"},
            {"frequency": "custom", "minute": "0", "hour": "9-17"},
        ),
    ],
)
def test_a_schedule_with_one_meaning_is_spelled_out(written: Any, spelled: Any) -> None:
    timing = Timing.model_validate(written)

    convert_to_utc(timing, "schedule", NOW, Draft({}))

    assert timing.body() == spelled


@pytest.mark.parametrize(
    "written",
    [
        {"frequency": "daily", "day_of_week": "mon-fri", "hour": "7"},
        {"frequency": "fortnightly"},
        {"frequency": "every 7 minutes"},
        {"frequency": "7 past noon"},
        {"frequency": "manual"},
        {"frequency": "weekly", "day_of_week": "monday", **AT},
        {"frequency": "custom", "minute": "*/5"},
        {"hour": "7:30", "minute": "1"},
        {},
    ],
)
def test_any_other_schedule_is_left_as_it_is(written: Any) -> None:
    timing = Timing.model_validate(written)

    convert_to_utc(timing, "schedule", NOW, Draft({}))

    assert timing.body() == written


def test_a_schedule_that_moves_with_the_clocks_has_one_that_is_right_today() -> None:
    draft = Draft({}, problems=["another"])
    timing = Timing.model_validate(WORKDAYS | {"timezone": "Europe/Berlin"})

    convert_to_utc(timing, "schedule", NOW, draft)

    assert draft.instead == {"schedule": WORKDAYS | {"hour": "6"}}
    draft.suggest_instead("update_sync", schedule={})
    assert draft.next_steps == []


@pytest.mark.parametrize("arguments", [{}, {"schedule": {}, "encryption_passphrase": "x"}])
def test_a_call_is_suggested_only_if_it_is_whole_and_has_no_secret(arguments: Any) -> None:
    draft = Draft({}, problems=["only"], instead={"schedule": WORKDAYS})

    draft.suggest_instead("update_sync", **arguments)

    assert draft.next_steps == []


def test_an_unknown_zone_has_nothing_to_send_instead() -> None:
    draft = Draft({})

    convert_to_utc(Timing(frequency="daily", **AT, timezone="Mars/Olympus"), "schedule", NOW, draft)

    assert draft.instead == {}
    assert len(draft.problems) == 1
