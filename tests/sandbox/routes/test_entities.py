"""Entities: objects found by id, and their relations."""

from typing import Any

import httpx
from starlette.applications import Starlette

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from polytomic_mcp.sandbox.resources.syncs import executions
from tests.sandbox.conftest import Connect


async def found(http: httpx.AsyncClient, id_: str) -> dict[str, Any]:
    answer = await http.get(f"/api/entities/{id_}")
    assert answer.status_code == 200, answer.text
    entity: dict[str, Any] = answer.json()["data"]
    return entity


async def test_an_id_is_resolved_to_its_object_and_the_one_that_it_belongs_to(
    http: httpx.AsyncClient, connect: Connect, sandbox: Starlette
) -> None:
    connection = await connect("snowflake", name="Warehouse")
    workspace = sandbox.state.workspace
    workspace.store.put("sync", "s", {"id": "s", "name": "S", "target": {"connection_id": connection["id"]}})
    execution = executions.create(workspace, "s", {})

    assert await found(http, connection["id"]) == {
        "id": connection["id"],
        "type": "connection",
        "canonical_path": f"/api/connections/{connection['id']}",
        "context": {"name": "Warehouse"},
        "relationships": {},
    }
    assert (await found(http, "s"))["relationships"] == {}
    run = await found(http, execution["id"])
    assert run["type"] == "sync_execution"
    assert run["canonical_path"] == f"/api/syncs/s/executions/{execution['id']}"
    assert run["relationships"] == {"sync": {"id": "s", "path": "/api/syncs/s"}}


async def test_a_bulk_execution_is_related_to_its_bulk_sync(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    store = sandbox.state.workspace.store
    store.put("bulk_sync", "b", {"id": "b", "name": "B", "_schemas": [{"id": "deals"}]})
    store.put("bulk_execution", "e", {"id": "e", "_sync_id": "b", "schemas": [{"schema": "deals"}]})

    run = await found(http, "e")

    assert (run["type"], run["canonical_path"]) == ("bulk_sync_execution", "/api/bulk/syncs/b/executions/e")
    assert run["relationships"] == {"bulk_sync": {"id": "b", "path": "/api/bulk/syncs/b"}}
    assert run["context"] == {"schema_ids": ["deals"]}
    assert (await found(http, "b"))["context"] == {"name": "B", "schema_ids": ["deals"]}


async def test_organizations_and_users_are_entities(http: httpx.AsyncClient) -> None:
    user = await found(http, USER_ID)

    assert (await found(http, ORGANIZATION_ID))["type"] == "organization"
    assert user["type"] == "user"
    assert user["relationships"]["organization"]["id"] == ORGANIZATION_ID


async def test_a_partner_finds_objects_of_every_organization(http: httpx.AsyncClient) -> None:
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]["id"]
    warehouse = {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
    body = {"name": "Theirs", "type": "snowflake", "configuration": warehouse, "organization_id": other}
    theirs = (await http.post("/api/connections", json=body)).json()["data"]

    partner = await http.get(f"/api/organizations/entities/{theirs['id']}")

    assert (partner.json()["data"]["type"], partner.json()["data"]["organization_id"]) == (
        "connection",
        other,
    )
    assert (await http.get(f"/api/entities/{theirs['id']}")).status_code == 404


async def test_a_user_finds_objects_of_the_own_organization_alone(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    ours = await connect("snowflake")
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]["id"]
    key = http.headers.pop("Authorization").removeprefix("Bearer ")

    answer = await http.get(f"/api/organizations/entities/{ours['id']}", auth=(other, key))

    assert answer.status_code == 404


async def test_an_execution_whose_sync_is_gone_is_not_found(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    sandbox.state.workspace.store.put("execution", "e", {"id": "e", "_sync_id": "gone"})

    assert (await http.get("/api/entities/e")).status_code == 404
    assert (await http.get("/api/organizations/entities/e")).status_code == 404


async def test_a_context_that_was_never_published_is_not_found(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    store = sandbox.state.workspace.store
    store.put("harbor", "h", {"id": "h", "name": "H"})
    for id_, version in (("draft", 0), ("published", 1)):
        context = {"id": id_, "_harbor_id": "h", "version": version, "title": "T"}
        store.put("harbor_context", id_, context)

    assert (await http.get("/api/entities/draft")).status_code == 404
    assert (await found(http, "published"))["relationships"] == {
        "harbor": {"id": "h", "path": "/api/harbors/h"}
    }


async def test_roles_and_webhooks_are_no_entities(http: httpx.AsyncClient) -> None:
    role = (await http.get("/api/permissions/roles")).json()["data"][0]

    assert (await http.get(f"/api/entities/{role['id']}")).status_code == 404


async def test_an_unknown_id_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/entities/none")).status_code == 404
