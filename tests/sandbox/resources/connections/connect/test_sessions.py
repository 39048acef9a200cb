"""Connect sessions over the API: created, read with their token, and expired."""

import base64
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from tests.sandbox.conftest import Clock, Connect

CONNECT = "/api/connections/connect/"
SESSION = "/api/connections/connect/session"
BODY = {"name": "Their database", "redirect_url": "https://acme.example/back"}


async def open_session(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await http.post(CONNECT, json={**BODY, **more})
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()["data"]
    return session


@pytest.mark.parametrize("path", [CONNECT, CONNECT.removesuffix("/")])
async def test_creating_a_session_returns_its_page_and_token(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.post(path, json=BODY, headers={"Host": "127.0.0.1:8123"})

    data = answer.json()["data"]
    assert data == {
        "redirect_url": f"http://127.0.0.1:8123/sandbox/connect/{data['token']}",
        "token": data["token"],
    }


async def test_a_session_is_read_with_its_token(http: httpx.AsyncClient) -> None:
    session = await open_session(http, whitelist=["hubspot"], dark=True, use_organization_name=True)

    read = (await http.get(SESSION, params={"token": session["token"]})).json()["data"]

    assert read == {
        "id": read["id"],
        "name": "Their database",
        "type": "hubspot",
        "whitelist": ["hubspot"],
        "connection_id": None,
        "redirect_url": "https://acme.example/back",
        "expires_at": "2026-01-15T09:05:00Z",
        "dark": True,
        "logo": None,
        "organization_name": "Acme (sandbox)",
    }


@pytest.mark.parametrize("place", ["alone", "as the key"])
async def test_a_token_is_a_credential_for_its_session_only(http: httpx.AsyncClient, place: str) -> None:
    token = (await open_session(http))["token"]
    headers = {"Authorization": "" if place == "alone" else f"Bearer {token}"}
    params = {"token": token} if place == "alone" else {}

    read = await http.get(SESSION, params=params, headers=headers)
    other = await http.get("/api/connections", params=params, headers=headers)

    assert (read.status_code, read.json()["data"]["name"]) == (200, "Their database")
    assert other.status_code == 401


@pytest.mark.parametrize("params", [{}, {"token": "guessed"}, {"token": ""}])
async def test_a_session_cannot_be_read_without_its_token(http: httpx.AsyncClient, params: Any) -> None:
    await open_session(http)

    answer = await http.get(SESSION, params=params)

    assert (answer.status_code, answer.json()["key"]) == (401, "unauthorized")


async def test_a_session_expires_after_its_ttl(http: httpx.AsyncClient, clock: Clock) -> None:
    token = (await open_session(http, ttl=604_800))["token"]

    clock.advance(seconds=604_799)
    open_ = await http.get(SESSION, params={"token": token})
    clock.advance(seconds=1)
    over = await http.get(SESSION, params={"token": token})

    assert [open_.status_code, over.status_code] == [200, 401]


async def test_expired_sessions_are_deleted_and_tokens_are_not_stored(
    http: httpx.AsyncClient, clock: Clock, sandbox: Starlette
) -> None:
    token = (await open_session(http))["token"]
    store = sandbox.state.workspace.store
    kept = str(store.connection.execute("SELECT id, body FROM documents").fetchall())
    clock.advance(hours=49)
    await open_session(http)

    assert token not in kept
    assert len(store.list("connect_session")) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"ttl": 0}, "ttl must be between 1 and 604800"),
        ({"ttl": 604_801}, "ttl must be between 1 and 604800"),
        ({"redirect_url": "javascript:alert(1)"}, "redirect_url must be an http or https address"),
        ({"whitelist": ["hubspot", "none"]}, "whitelist must be a connection type, not 'none'. "),
        ({"type": "none"}, "type must be a connection type, not 'none'. "),
        ({"type": "gong", "whitelist": ["hubspot"]}, "whitelist must include gong"),
    ],
)
async def test_invalid_arguments_are_refused(http: httpx.AsyncClient, body: Any, words: str) -> None:
    answer = await http.post(CONNECT, json={**BODY, **body})

    assert answer.status_code == 422
    assert words in answer.json()["message"]


async def test_the_name_of_another_connection_is_refused(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("postgresql", name=BODY["name"])

    other = await http.post(CONNECT, json=BODY)
    again = await open_session(http, connection=connection["id"])

    read = (await http.get(SESSION, params={"token": again["token"]})).json()["data"]
    assert (other.status_code, other.json()["key"]) == (409, "name_taken")
    assert (read["connection_id"], read["type"]) == (connection["id"], "postgresql")


async def test_an_unknown_connection_cannot_be_reconnected(http: httpx.AsyncClient) -> None:
    answer = await http.post(CONNECT, json={**BODY, "connection": "none"})

    assert answer.status_code == 404


async def test_a_partner_creates_a_session_for_any_organization(http: httpx.AsyncClient) -> None:
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]
    session = await open_session(http, organization_id=other["id"], use_organization_name=True)
    page = session["redirect_url"] + "?type=stripe"
    await http.post(page, data={"configuration.api_key": "sk"})
    basic = base64.b64encode(f"{other['id']}:sandbox-key".encode()).decode()

    read = (await http.get(SESSION, params={"token": session["token"]})).json()["data"]
    there = (await http.get("/api/connections", headers={"Authorization": f"Basic {basic}"})).json()["data"]

    assert read["organization_name"] == "Other"
    assert [each["id"] for each in there] == [read["connection_id"]]
    assert there[0]["organization_id"] == other["id"] != ORGANIZATION_ID
    assert (await http.get("/api/connections")).json()["data"] == []


async def test_a_secret_response_is_replayed_to_the_same_call_only(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "connect-them-once"}

    first = await http.post(CONNECT, json=BODY, headers=headers)
    again = await http.post(CONNECT, json=BODY, headers=headers)

    assert first.json() == again.json()
