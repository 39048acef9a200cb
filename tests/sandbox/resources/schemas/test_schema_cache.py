"""The status of the cache of a connection's schemas."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.sandbox.conftest import Clock

Connect = Callable[..., Awaitable[dict[str, Any]]]


async def status(http: httpx.AsyncClient, connection: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.get(f"/api/connections/{connection['id']}/schemas/status")).json()[
        "data"
    ]
    return answer


async def test_the_schemas_of_a_new_connection_are_refreshing_and_then_fresh(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")

    first, second, third = [await status(http, connection) for _ in range(3)]

    assert (first["cache_status"], first["last_refresh_finished"]) == ("refreshing", None)
    assert second == third
    assert second["cache_status"] == "fresh"
    assert second["last_refresh_finished"] == "2026-01-15T09:00:00Z"


async def test_a_refresh_returns_the_path_of_its_status(
    http: httpx.AsyncClient, connect: Connect, clock: Clock
) -> None:
    connection = await connect("snowflake")
    for _ in range(2):
        await status(http, connection)
    clock.advance(minutes=5)

    refresh = await http.post(f"/api/connections/{connection['id']}/schemas/refresh")
    again = await http.post(f"/api/connections/{connection['id']}/schemas/refresh")

    assert (refresh.status_code, refresh.content, again.status_code) == (200, b"", 200)
    assert refresh.headers["Location"] == f"/api/connections/{connection['id']}/schemas/status"
    assert await status(http, connection) == {
        "cache_status": "refreshing",
        "last_refresh_started": "2026-01-15T09:05:00Z",
        "last_refresh_finished": "2026-01-15T09:00:00Z",
    }


async def test_the_schemas_of_an_unhealthy_connection_cannot_be_refreshed(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("hubspot", include_static_list_support=True)

    refresh = await http.post(f"/api/connections/{connection['id']}/schemas/refresh")

    assert refresh.status_code == 422
    assert (await status(http, connection))["cache_status"] == "none"
