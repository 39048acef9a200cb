"""What a schedule is, in a few words."""

from typing import Any

import pytest

from polytomic_mcp.tools.answers.schedules import describe


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({}, "manual"),
        ({"frequency": "hourly", "minute": "15"}, "hourly :15"),
        ({"frequency": "hourly", "minute": 5}, "hourly :05"),
        ({"frequency": "daily", "hour": "5", "minute": "0"}, "daily 05:00 UTC"),
        ({"frequency": "daily", "hour": "02", "minute": "30"}, "daily 02:30 UTC"),
        (
            {"frequency": "weekly", "day_of_week": "monday", "hour": "2", "minute": "0"},
            "weekly monday 02:00 UTC",
        ),
        ({"frequency": "weekly", "hour": "2"}, "weekly * 02:00 UTC"),
        ({"frequency": "custom", "minute": "*/5"}, "custom */5 * * * *"),
    ],
)
def test_a_schedule_has_a_short_description(schedule: dict[str, Any], words: str) -> None:
    assert describe(schedule) == words
