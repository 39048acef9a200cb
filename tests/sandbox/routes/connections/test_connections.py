"""Connections: created, read, replaced, tested and deleted."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

Connect = Callable[..., Awaitable[dict[str, Any]]]
Create = Callable[..., Awaitable[httpx.Response]]

MASK = "********"
SNOWFLAKE = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}


async def test_a_connection_with_credentials_is_healthy_and_masks_its_secrets(
    create: Create,
) -> None:
    answer = await create("snowflake", SNOWFLAKE)

    connection = answer.json()["data"]
    assert (connection["status"], connection["status_error"], connection["saved"]) == ("healthy", None, True)
    assert connection["configuration"] == {**SNOWFLAKE, "password": MASK}
    assert connection["type"]["id"] == "snowflake"
    assert "auth_url" not in connection
    assert not any(name.startswith("_") for name in connection)


async def test_a_connection_is_found_in_the_list_and_by_its_id(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")

    listed = (await http.get("/api/connections")).json()["data"]
    fetched = (await http.get(f"/api/connections/{connection['id']}")).json()["data"]

    assert listed == [fetched] == [connection]


async def test_an_unknown_type_is_refused_and_a_display_name_is_recognized(create: Create) -> None:
    display_name = await create("LinkedIn Ads", {})
    unknown = await create("nonesuch", {})

    assert (display_name.status_code, unknown.status_code) == (400, 400)
    assert "Did you mean 'linkedinads'?" in display_name.json()["message"]
    assert "GET /api/connection_types" in unknown.json()["message"]


@pytest.mark.parametrize(
    ("configuration", "error"),
    [
        ({**SNOWFLAKE, "password": "wrong"}, "Snowflake rejected the credentials"),
        ({**SNOWFLAKE, "account": "unreachable-1"}, "Snowflake could not be reached"),
    ],
)
async def test_a_connection_that_does_not_work_is_stored_as_unhealthy(
    create: Create, configuration: dict[str, Any], error: str
) -> None:
    tried = (await create("snowflake", configuration)).json()["data"]
    untried = (await create("snowflake", configuration, validate=False)).json()["data"]

    assert (tried["status"], tried["status_error"]) == ("unhealthy", error)
    assert untried["status"] == "healthy"


async def test_a_token_method_without_a_token_is_unhealthy(create: Create) -> None:
    answer = await create("gong", {"auth_method": "token"})

    assert answer.json()["data"]["status"] == "unhealthy"
    assert "needs credentials" in answer.json()["data"]["status_error"]


async def test_an_update_cannot_change_the_type(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    path = f"/api/connections/{connection['id']}"

    same = await http.put(path, json={"name": "n", "type": "snowflake", "configuration": SNOWFLAKE})
    other = await http.put(path, json={"name": "n", "type": "mysql", "configuration": {}})

    assert (same.status_code, other.status_code) == (200, 422)


async def test_a_repaired_connection_is_healthy_again(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake", **{**SNOWFLAKE, "password": "wrong"})

    answer = await http.put(
        f"/api/connections/{connection['id']}", json={"name": "n", "configuration": SNOWFLAKE}
    )

    assert (connection["status"], answer.json()["data"]["status"]) == ("unhealthy", "healthy")


async def test_a_successful_test_has_an_empty_response(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    fresh = {"type": "snowflake", "configuration": SNOWFLAKE}
    stored = {"type": "snowflake", "configuration": {"warehouse": "X"}, "connection_id": connection["id"]}

    answers = [await http.post("/api/connections/test", json=body) for body in (fresh, stored)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (200, b"")]


@pytest.mark.parametrize(
    ("type_", "configuration", "message"),
    [
        ("snowflake", {**SNOWFLAKE, "password": "wrong"}, "rejected the credentials"),
        ("snowflake", {"account": "a"}, "configuration.username is missing"),
        ("nonesuch", {}, "Unknown connection type 'nonesuch'"),
        ("gong", {"auth_method": "oauth"}, "waits for a person to sign in"),
    ],
)
async def test_a_failed_test_is_refused_with_400(
    http: httpx.AsyncClient, type_: str, configuration: dict[str, Any], message: str
) -> None:
    answer = await http.post("/api/connections/test", json={"type": type_, "configuration": configuration})

    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_a_test_needs_a_connection_of_the_same_type(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    body = {"type": "mysql", "configuration": {}}

    other = await http.post("/api/connections/test", json={**body, "connection_id": connection["id"]})
    unknown = await http.post("/api/connections/test", json={**body, "connection_id": "nonesuch"})

    assert (other.status_code, unknown.status_code) == (400, 404)


async def test_a_deleted_connection_is_not_found(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    path = f"/api/connections/{connection['id']}"

    deleted = await http.delete(path)
    answers = [await http.request(method, path) for method in ("GET", "DELETE")]

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_connection_in_use_is_deleted_with_its_dependents_by_force_only(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any
) -> None:
    source, target, other = [await connect(type_) for type_ in ("snowflake", "hubspot", "postgresql")]
    store = sandbox.state.workspace.store
    store.put("model", "m1", {"id": "m1", "name": "Contacts", "connection_id": source["id"]})
    store.put("model", "m2", {"id": "m2", "name": "Kept", "connection_id": other["id"]})
    reads_m1 = {"source": {"model_id": "m1", "field": "email"}}
    store.put(
        "sync",
        "s1",
        {"id": "s1", "name": "Sync", "target": {"connection_id": target["id"]}, "fields": [reads_m1]},
    )
    store.put("execution", "e1", {"id": "e1", "_sync_id": "s1"})
    path = f"/api/connections/{source['id']}"

    refused = await http.delete(path)
    forced = await http.delete(path, params={"force": "true"})

    assert refused.status_code == 422
    assert refused.json()["message"].startswith("connection in use")
    assert refused.json()["metadata"] == {
        "models": [{"id": "m1", "name": "Contacts"}],
        "syncs": [{"id": "s1", "name": "Sync"}],
        "used_by": [
            {"type": "model", "id": "m1", "name": "Contacts"},
            {"type": "sync", "id": "s1", "name": "Sync"},
        ],
    }
    assert forced.status_code == 204
    assert [store.list(kind) for kind in ("sync", "execution")] == [[], []]
    assert [model["id"] for model in store.list("model")] == ["m2"]
