"""Durations and times as people write them."""

from datetime import timedelta

import pytest

from polytomic_mcp.sandbox.common.times import read_duration, read_time


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90", timedelta(seconds=90)),
        ("1.5", timedelta(seconds=1.5)),
        ("1h30m", timedelta(hours=1.5)),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        (" 2D ", timedelta(days=2)),
        ("PT90M", timedelta(minutes=90)),
        ("P1DT0.5H", timedelta(days=1, hours=0.5)),
        ("p2w", timedelta(weeks=2)),
        ("0", timedelta()),
    ],
)
def test_a_duration_is_read(text: str, duration: timedelta) -> None:
    assert read_duration(text) == duration


@pytest.mark.parametrize("text", ["", "P", "PT", "1x", "-1", "1h-", "inf", "1m1h", "\u0661h", "1e3"])
def test_an_invalid_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        read_duration(text)


@pytest.mark.parametrize("text", ["999999999w", "1001w366000d"])
def test_a_duration_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="longer than a thousand years"):
        read_duration(text)


@pytest.mark.parametrize(
    "text", ["2026-11-24T06:00:00Z", "2026-11-24T06:00:00", "2026-11-24T08:00:00+02:00", "2026-11-24 06:00"]
)
def test_a_time_is_read_in_utc(text: str) -> None:
    assert read_time(text).isoformat() == "2026-11-24T06:00:00+00:00"


@pytest.mark.parametrize("text", ["", "tomorrow", "9999-12-31T23:59:59-12:00"])
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        read_time(text)
