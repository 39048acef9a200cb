"""The error handling settings of model syncs and bulk syncs."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

SYNC = {"auto_retry_record_errors": False, "notify_on_record_errors": False, "warning_notifications": False}
KINDS = {
    "sync": ("/api/syncs/s/error-handling", SYNC, {"auto_retry_record_errors": True}),
    "bulk_sync": (
        "/api/bulk/syncs/s/error-handling",
        {"ingestion_failure_threshold": 0},
        {"ingestion_failure_threshold": 5},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_omitted_settings_are_unchanged(http: httpx.AsyncClient, sandbox: Starlette, kind: str) -> None:
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
async def test_the_settings_of_an_unknown_sync_are_not_found(http: httpx.AsyncClient, kind: str) -> None:
    path = KINDS[kind][0]

    assert [(await http.get(path)).status_code, (await http.put(path, json={})).status_code] == [404, 404]
