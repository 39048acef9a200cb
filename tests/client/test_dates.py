"""The date at the API."""

from datetime import UTC, datetime

import httpx
import pytest

from polytomic_mcp.client.dates import ServerDate


def test_the_latest_answers_date_goes_on_with_the_clock() -> None:
    seconds = [1_000.0]
    date = ServerDate(lambda: seconds[0])

    assert date.now() == datetime(1970, 1, 1, 0, 16, 40, tzinfo=UTC)

    date.read(httpx.Headers({"Date": "Wed, 04 Mar 2026 12:00:00 GMT"}))
    seconds[0] += 90

    assert date.now() == datetime(2026, 3, 4, 12, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("headers", [{}, {"Date": "soon"}, {"Date": ""}])
def test_a_date_that_cannot_be_read_changes_nothing(headers: dict[str, str]) -> None:
    date = ServerDate(lambda: 0.0)
    date.read(httpx.Headers({"Date": "Wed, 04 Mar 2026 12:00:00 GMT"}))

    date.read(httpx.Headers(headers))

    assert date.now() == datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
