"""Events over HTTP: recorded by runs, listed in pages and time windows, and kept for 48 hours."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.resources.events import events
from tests.sandbox.conftest import Clock


@pytest.fixture
def record(sandbox: Starlette) -> Any:
    def recorded(type_: str = "sync.running", **payload: Any) -> None:
        events.record(sandbox.state.workspace, type_, payload)

    return recorded


async def listed(http: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await http.get("/api/events", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def names(http: httpx.AsyncClient, **query: Any) -> list[str]:
    return [event["event"]["sync_name"] for event in await listed(http, **query)]


async def test_an_event_has_an_organization_and_a_time(http: httpx.AsyncClient, record: Any) -> None:
    record(sync_id="s")

    (event,) = await listed(http)

    assert event.pop("id")
    assert event == {
        "type": "sync.running",
        "created_at": "2026-01-15T09:00:00Z",
        "organization_id": ORGANIZATION_ID,
        "event": {"organization_id": ORGANIZATION_ID, "sync_id": "s"},
    }


async def test_events_are_listed_newest_first_in_pages_of_ten(
    http: httpx.AsyncClient, record: Any, clock: Clock
) -> None:
    for number in range(12):
        clock.advance(minutes=1)
        record(sync_name=str(number))

    first = (await http.get("/api/events")).json()
    token = first["pagination"]["next_page_token"]

    assert [event["event"]["sync_name"] for event in first["data"]] == [str(n) for n in range(11, 1, -1)]
    assert await names(http, page_token=token) == ["1", "0"]
    assert len(await listed(http, limit=100)) == 12


@pytest.mark.parametrize(("limit", "size"), [(0, 10), (-3, 10), (1, 1), (101, 100), (500, 100)])
async def test_a_page_has_at_most_a_hundred_events(
    http: httpx.AsyncClient, record: Any, limit: int, size: int
) -> None:
    for _ in range(102):
        record()

    assert len(await listed(http, limit=limit)) == size


@pytest.mark.parametrize("name", ["type", "event_type"])
async def test_events_are_filtered_by_type(http: httpx.AsyncClient, record: Any, name: str) -> None:
    record("sync.failed", sync_name="bad")
    record("sync.completed", sync_name="good")

    assert await names(http, **{name: "sync.failed"}) == ["bad"]


async def test_both_ends_of_a_time_window_are_exclusive(
    http: httpx.AsyncClient, record: Any, clock: Clock
) -> None:
    for name in "abc":
        record(sync_name=name)
        clock.advance(hours=1)

    window = {"starting_after": "2026-01-15T09:00:00Z", "ending_before": "2026-01-15T11:00:00"}

    assert await names(http, **window) == ["b"]


async def test_an_invalid_time_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/events", params={"starting_after": "yesterday"})

    assert answer.status_code == 422
    assert "starting_after must be a time" in answer.json()["message"]


async def test_events_are_listed_by_organization(http: httpx.AsyncClient, record: Any) -> None:
    record(sync_name="theirs", organization_id="other")
    record(sync_name="ours")

    assert await names(http, organization_id="other") == ["theirs"]


async def test_events_are_deleted_after_48_hours(http: httpx.AsyncClient, record: Any, clock: Clock) -> None:
    record(sync_name="old")
    clock.advance(hours=24)
    record(sync_name="young")
    clock.advance(hours=24, seconds=1)

    assert await names(http) == ["young"]


async def test_event_types_are_listed(http: httpx.AsyncClient) -> None:
    types = (await http.get("/api/events_types")).json()["data"]

    assert len(types) == 10
    assert {"sync.completed_with_errors", "bulk_sync.completed_with_error"} <= set(types)
