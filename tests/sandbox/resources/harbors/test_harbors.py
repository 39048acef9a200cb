"""Harbors, their keys and their users."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Clock, Connect


async def test_a_managed_harbor_is_provisioned_and_then_ready(
    http: httpx.AsyncClient, created: dict[str, Any], path: str
) -> None:
    found = (await http.get(path)).json()["data"]
    store = (await http.get(f"/api/connections/{found['backing_connection_id']}")).json()["data"]

    assert (created["harbor"]["status"], found["status"]) == ("provisioning", "ready")
    assert (store["name"], store["type"]["id"], store["status"]) == ("Port", "motherduck", "healthy")
    assert created["api_key"]["value"].startswith("sandbox_")


async def test_a_harbor_can_be_backed_by_an_existing_connection(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    backing = (await connect("snowflake"))["id"]
    body = {"name": "Own", "backing_mode": "customer_managed", "backing_connection_id": backing}

    created = (await http.post("/api/harbors", json=body | {"generate_api_key": False})).json()["data"]
    kept = await http.delete(f"/api/connections/{backing}", params={"force": True})
    deleted = await http.delete(f"/api/harbors/{created['harbor']['id']}")

    assert (created["api_key"], created["harbor"]["status"]) == (None, "ready")
    assert (kept.status_code, kept.json()["key"]) == (409, "connection_backs_harbor")
    assert deleted.json() == {"data": {"id": created["harbor"]["id"]}}
    assert (await http.delete(f"/api/connections/{backing}")).status_code == 204


async def test_an_invalid_harbor_is_refused(http: httpx.AsyncClient, connect: Connect) -> None:
    await http.post("/api/harbors", json={"name": "Port", "backing_mode": "managed"})
    gong = (await connect("gong"))["id"]
    bodies: list[tuple[dict[str, Any], int]] = [
        ({"name": "X", "backing_mode": "rented"}, 422),
        ({"name": "X", "backing_mode": "customer_managed"}, 422),
        ({"name": "X", "backing_mode": "managed", "backing_connection_id": gong}, 422),
        ({"name": "X", "backing_mode": "customer_managed", "backing_connection_id": gong}, 422),
        ({"name": " ", "backing_mode": "managed"}, 422),
        ({"name": "X", "description": "d" * 1_001, "backing_mode": "managed"}, 422),
        ({"name": "port", "backing_mode": "managed"}, 409),
    ]

    statuses = [(await http.post("/api/harbors", json=body)).status_code for body, _ in bodies]

    assert statuses == [status for _, status in bodies]
    assert len((await http.get("/api/harbors")).json()["data"]) == 1


async def test_renaming_a_harbor_renames_only_a_managed_store(
    http: httpx.AsyncClient, harbor: dict[str, Any], path: str, connect: Connect
) -> None:
    own = await connect("snowflake", name="Mine")
    body = {"name": "Own", "backing_mode": "customer_managed", "backing_connection_id": own["id"]}
    other = (await http.post("/api/harbors", json=body)).json()["data"]["harbor"]

    renamed = (await http.put(path, json={"name": "Haven", "description": "d"})).json()["data"]
    await http.put(f"/api/harbors/{other['id']}", json={"name": "Other"})

    store = (await http.get(f"/api/connections/{harbor['backing_connection_id']}")).json()["data"]
    assert (renamed["name"], renamed["description"], store["name"]) == ("Haven", "d", "Haven")
    assert (await http.get(f"/api/connections/{own['id']}")).json()["data"]["name"] == "Mine"
    assert (await http.put(path, json={"name": "Other"})).status_code == 409


async def test_harbors_are_listed_in_pages_in_order_of_creation(http: httpx.AsyncClient) -> None:
    for name in "ABC":
        await http.post("/api/harbors", json={"name": name, "backing_mode": "managed"})

    first = (await http.get("/api/harbors", params={"limit": 2})).json()
    token = first["pagination"]["next_page_token"]
    second = (await http.get("/api/harbors", params={"limit": 2, "page_token": token})).json()

    assert [each["name"] for each in first["data"] + second["data"]] == ["A", "B", "C"]
    assert second["pagination"] == {}


async def test_deleting_a_harbor_revokes_its_keys_and_deletes_its_store(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, harbor: dict[str, Any], path: str
) -> None:
    await http.post(f"{path}/contexts", json={"title": "t", "content": "c"})

    await http.delete(path)

    assert (await agent.get(f"{path}/contexts")).status_code == 401
    assert (await http.get(path)).status_code == 404
    store = f"/api/connections/{harbor['backing_connection_id']}"
    assert (await http.get(store)).status_code == 404


async def test_a_store_with_dependents_is_not_deleted(
    http: httpx.AsyncClient, harbor: dict[str, Any], path: str
) -> None:
    backing = harbor["backing_connection_id"]
    body = {"name": "M", "connection_id": backing, "configuration": {"query": "SELECT 1 AS n"}}
    assert (await http.post("/api/models", json=body)).status_code == 200

    await http.delete(path)

    assert (await http.get(f"/api/connections/{backing}")).status_code == 200


async def test_keys_are_shown_once_and_revoked_one_by_one(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, created: dict[str, Any], path: str, clock: Clock
) -> None:
    second = (await http.post(f"{path}/keys")).json()["data"]
    await agent.get(f"{path}/contexts")
    clock.advance(hours=1)

    first, other = (await http.get(f"{path}/keys")).json()["data"]
    revoked = await http.delete(f"{path}/keys/{created['api_key']['id']}")

    assert (first["id"], first["calls_last_24_hours"]) == (created["api_key"]["id"], 1)
    assert created["api_key"]["value"].endswith(first["key_hint"])
    assert (other["id"], other["calls_last_24_hours"], "value" in other) == (second["id"], 0, False)
    assert revoked.json() == {"data": {"id": created["api_key"]["id"]}}
    assert (await agent.get(f"{path}/contexts")).status_code == 401
    assert (await http.delete(f"{path}/keys/{created['api_key']['id']}")).status_code == 404


async def test_harbor_only_users_are_invited_assigned_and_unassigned(
    http: httpx.AsyncClient, path: str
) -> None:
    bob = (await http.post(f"{path}/users", json={"email": "bob@acme.example"})).json()["data"]
    read = (await http.get(f"/api/organization/users/{bob['id']}")).json()["data"]

    listed = (await http.get(f"{path}/users")).json()["data"]
    again = await http.put(f"{path}/users/{bob['id']}")
    unassigned = await http.delete(f"{path}/users/{bob['id']}")

    assert (bob["harbor_only"], len(bob["harbor_ids"]), listed) == (True, 1, [bob])
    assert (read["harbor_only"], read["harbor_ids"]) == (True, bob["harbor_ids"])
    assert again.json()["data"] == bob
    assert unassigned.json() == {"data": {"id": bob["id"]}}
    assert (await http.get(f"{path}/users")).json()["data"] == []
    assert (await http.delete(f"{path}/users/{bob['id']}")).status_code == 404


async def test_users_who_cannot_be_assigned_are_refused(
    http: httpx.AsyncClient, sandbox: Starlette, path: str
) -> None:
    ada = (await http.get("/api/me")).json()["data"]
    store = sandbox.state.workspace.store
    store.put("user", "far", {"id": "far", "email": "f@x.example", "organization_id": "o", "role_ids": []})

    assert (await http.post(f"{path}/users", json={"email": "nobody"})).status_code == 422
    assert (await http.post(f"{path}/users", json={"email": ada["email"]})).status_code == 409
    assert (await http.put(f"{path}/users/{ada['id']}")).status_code == 422
    assert (await http.put(f"{path}/users/far")).status_code == 404


async def test_a_temporary_credential_cannot_create_harbor_keys(http: httpx.AsyncClient, path: str) -> None:
    created = await http.post("/api/temporary-credentials", json={"subject": {"type": "user"}})
    bearer = {"Authorization": f"Bearer {created.json()['data']['access_token']}"}

    refused = await http.post(f"{path}/keys", headers=bearer)
    body = {"name": "X", "backing_mode": "managed", "generate_api_key": False}

    assert refused.status_code == 403
    assert (await http.post("/api/harbors", json=body, headers=bearer)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_session_operations_are_refused_with_an_alternative(
    http: httpx.AsyncClient, method: str
) -> None:
    path = "/api/harbor/sessions/s" if method == "DELETE" else "/api/harbor/sessions"

    answer = await http.request("POST" if method == "GET" else method, path, json={})

    assert answer.status_code == 501
    assert "without one" in answer.json()["message"]
