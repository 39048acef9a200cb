"""Numbers and times that JSON values spell."""

from datetime import UTC, datetime
from typing import Any

import pytest

from polytomic_mcp.common.scalars import moment_text, to_moment, to_number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (5.5, 5.5),
        (" 5 ", 5),
        ("-12345678901234567890", -12345678901234567890),
        ("1e3", 1000.0),
        ("five", None),
        ("1e999", None),
        ("nan", None),
        (True, None),
        (None, None),
        ([5], None),
    ],
)
def test_a_number_is_read_exactly(value: Any, number: float | None) -> None:
    assert to_number(value) == number


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-03-04T12:00:00", datetime(2026, 3, 4, 12, tzinfo=UTC)),
        (" 2026-03-04T13:00:00+01:00", datetime(2026, 3, 4, 12, tzinfo=UTC)),
        ("2026-03-04T12:00:00Z", datetime(2026, 3, 4, 12, tzinfo=UTC)),
        ("2026-03-04", datetime(2026, 3, 4, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (20260304, None),
        (None, None),
    ],
)
def test_a_time_without_a_zone_is_in_utc(value: Any, moment: datetime | None) -> None:
    assert to_moment(value) == moment


def test_a_time_is_shown_in_utc_without_fractions() -> None:
    assert moment_text(to_moment("2026-03-04T13:30:00.25+01:00")) == "2026-03-04T12:30:00Z"
    assert moment_text(None) == ""
