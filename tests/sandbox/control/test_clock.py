"""The control routes for the clock: read it and move it."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

NOTHING: dict[str, Any] = {"started": [], "skipped": [], "left_out": [], "deliveries": []}


@pytest.fixture
def stranger(sandbox: Starlette) -> httpx.AsyncClient:
    """Somebody without a key."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox")


async def test_it_returns_the_time_and_that_nothing_is_due(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/sandbox/clock")

    assert answer.json() == {"now": "2026-01-15T09:00:00Z", "next_due": None}


@pytest.mark.parametrize(
    ("body", "now"),
    [
        ({"advance": "1h30m"}, "2026-01-15T10:30:00Z"),
        ({"advance": 5400}, "2026-01-15T10:30:00Z"),
        ({"advance": 0.5}, "2026-01-15T09:00:00.500000Z"),
        ({"advance": "PT90M"}, "2026-01-15T10:30:00Z"),
        ({"now": "2026-11-24T06:00:00Z"}, "2026-11-24T06:00:00Z"),
        ({}, "2026-01-15T09:00:00Z"),
    ],
)
async def test_it_can_be_moved(stranger: httpx.AsyncClient, body: dict[str, Any], now: str) -> None:
    answer = await stranger.post("/sandbox/clock", json=body)

    assert answer.json() == {"now": now, **NOTHING}
    assert (await stranger.get("/sandbox/clock")).json()["now"] == now


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"advance": "soon"}, "is not a duration"),
        ({"advance": -1}, "is not a duration"),
        ({"advance": True}, "is not a duration or a time"),
        ({"advance": None}, "is not a duration or a time"),
        ({"now": ["2026"]}, "is not a duration or a time"),
        ({"now": "soon"}, "is not a time"),
        ({"now": "2026-01-15T08:59:59Z"}, "cannot be moved back"),
        ({"now": "3000-01-01T00:00:01Z"}, "beyond 3000"),
        ({"advance": 1, "now": "2027-01-01"}, "Send"),
        ({"forward": 1}, "Send"),
    ],
)
async def test_an_invalid_move_is_refused(
    stranger: httpx.AsyncClient, body: dict[str, Any], message: str
) -> None:
    answer = await stranger.post("/sandbox/clock", json=body)

    assert (answer.status_code, answer.json()["key"]) == (400, "bad_request")
    assert message in answer.json()["message"]
    assert (await stranger.get("/sandbox/clock")).json()["now"] == "2026-01-15T09:00:00Z"


async def test_a_credential_expires_when_the_clock_is_moved(http: httpx.AsyncClient) -> None:
    subject = {"type": "user", "mode": "user"}
    made = await http.post("/api/temporary-credentials", json={"subject": subject, "duration_seconds": 600})
    bearer = {"Authorization": f"Bearer {made.json()['data']['access_token']}"}

    before = await http.get("/api/me", headers=bearer)
    await http.post("/sandbox/clock", json={"advance": "10m"})
    after = await http.get("/api/me", headers=bearer)

    assert (before.status_code, after.status_code) == (200, 401)
