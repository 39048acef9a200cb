"""The actions of a Harbor: none is enabled, and each operation answers as documented for that."""

from typing import Any
from uuid import uuid4

import httpx
import pytest


@pytest.fixture
async def harbor(http: httpx.AsyncClient) -> Any:
    made = await http.post("/api/harbors", json={"name": "Port", "backing_mode": "managed"})
    return made.json()["data"]


@pytest.fixture
def ask(http: httpx.AsyncClient, harbor: Any) -> Any:
    """Call an operation with the Harbor's credential."""
    token = harbor["api_key"]["value"]

    async def called(method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "X-Polytomic-Activity-Request-ID": str(uuid4())}
        whole = f"/api/harbors/{harbor['harbor']['id']}/{path}"
        return await http.request(method, whole, headers=headers, **more)

    return called


async def test_no_action_is_listed_and_the_listing_is_recorded(http: httpx.AsyncClient, ask: Any) -> None:
    answer = await ask("GET", "actions", params={"search": "Contact"})
    period = {"start_time": "2026-01-14T00:00:00Z", "end_time": "2026-01-17T00:00:00Z"}
    events = (await http.get("/api/organization/harbor-activity", params=period)).json()["data"]

    assert answer.json() == {"data": [], "pagination": {}}
    assert [event["event_type"] for event in events] == ["action.listed"]


ACTION = {"connection_id": "c", "schema_id": "Contact", "operation_id": "update"}


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "actions/describe", {"params": ACTION}),
        ("POST", "actions/lookup", {"json": {**ACTION, "lookup": {"field_id": "Id", "value": "1"}}}),
        ("POST", "actions/prepare", {"json": {**ACTION, "input": {}}}),
    ],
)
async def test_an_action_that_is_not_enabled_is_forbidden(
    ask: Any, method: str, path: str, more: dict[str, Any]
) -> None:
    answer = await ask(method, path, **more)

    assert answer.status_code == 403
    assert "Harbor Port has not enabled the action 'update'" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "actions/execute", {"json": {"execution_id": "e"}}),
        ("GET", "action-executions/e", {}),
    ],
)
async def test_what_was_not_prepared_has_no_execution(
    ask: Any, method: str, path: str, more: dict[str, Any]
) -> None:
    assert (await ask(method, path, **more)).status_code == 404


async def test_actions_need_the_credential_of_a_harbor(http: httpx.AsyncClient, harbor: Any) -> None:
    answer = await http.get(f"/api/harbors/{harbor['harbor']['id']}/actions")

    assert answer.status_code == 403


async def test_no_session_was_registered(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/organization/harbor-activity/sessions/s")

    assert answer.status_code == 404
