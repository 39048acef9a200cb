"""The settings for subscribers to errors and for error handling."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

GLOBAL = "/api/notifications/global-error-subscribers"
SYNC = {"auto_retry_record_errors": False, "notify_on_record_errors": False, "warning_notifications": False}
KINDS = {
    "sync": ("/api/syncs/s/error-handling", SYNC, {"auto_retry_record_errors": True}),
    "bulk_sync": (
        "/api/bulk/syncs/s/error-handling",
        {"ingestion_failure_threshold": 0},
        {"ingestion_failure_threshold": 5},
    ),
}


async def test_global_subscribers_are_replaced(http: httpx.AsyncClient) -> None:
    before = (await http.get(GLOBAL)).json()

    replaced = (await http.put(GLOBAL, json={"emails": ["a@x.example", "b@x.example", "a@x.example"]})).json()

    assert before == {"emails": []}
    assert replaced == (await http.get(GLOBAL)).json() == {"emails": ["a@x.example", "b@x.example"]}


@pytest.mark.parametrize("address", ["ada", "@x.example", "ada@", "a@b@c"])
async def test_a_subscriber_must_be_an_email_address(http: httpx.AsyncClient, address: str) -> None:
    answer = await http.put(GLOBAL, json={"emails": ["ada@x.example", address]})

    assert answer.status_code == 400
    assert "must be email addresses; invalid: 1 of 2." in answer.json()["message"]


@pytest.mark.parametrize("kind", KINDS)
async def test_omitted_settings_of_error_handling_are_unchanged(
    http: httpx.AsyncClient, sandbox: Starlette, kind: str
) -> None:
    path, defaults, changed = KINDS[kind]
    sandbox.state.workspace.store.put(kind, "s", {"id": "s"})
    subscribed: dict[str, Any] = {"subscribers": ["ada@x.example"]}

    before = (await http.get(path)).json()["data"]
    first = (await http.put(path, json=subscribed)).json()["data"]
    second = (await http.put(path, json=changed)).json()["data"]

    assert before == defaults | {"subscribers": []}
    assert first == defaults | subscribed
    assert second == (await http.get(path)).json()["data"] == defaults | changed | subscribed


@pytest.mark.parametrize("kind", KINDS)
async def test_error_handling_needs_an_existing_sync(http: httpx.AsyncClient, kind: str) -> None:
    path = KINDS[kind][0]

    assert [(await http.get(path)).status_code, (await http.put(path, json={})).status_code] == [404, 404]
