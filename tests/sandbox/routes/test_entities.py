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


async def test_an_id_is_resolved_to_its_object_and_the_related_objects(
    http: httpx.AsyncClient, connect: Connect, sandbox: Starlette
) -> None:
    connection = await connect("snowflake", name="Warehouse")
    workspace = sandbox.state.workspace
    workspace.store.put("sync", "s", {"id": "s", "name": "S", "target": {"connection_id": connection["id"]}})
    execution = executions.create(workspace, "s", {})

    assert await found(http, connection["id"]) == {
        "id": connection["id"],
        "type": "connection",
        "organization_id": ORGANIZATION_ID,
        "canonical_path": f"/api/connections/{connection['id']}",
        "context": {"name": "Warehouse"},
        "relationships": {},
    }
    sync = await found(http, "s")
    assert sync["relationships"] == {
        "target_connection": {"id": connection["id"], "path": f"/api/connections/{connection['id']}"}
    }
    run = await found(http, execution["id"])
    assert run["type"] == "sync_execution"
    assert run["canonical_path"] == f"/api/syncs/s/executions/{execution['id']}"
    assert run["relationships"] == {"sync": {"id": "s", "path": "/api/syncs/s"}}


async def test_a_bulk_execution_is_related_to_its_bulk_sync(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    store = sandbox.state.workspace.store
    store.put("bulk_sync", "b", {"id": "b", "name": "B"})
    store.put("bulk_execution", "e", {"id": "e", "_sync_id": "b"})

    run = await found(http, "e")

    assert (run["type"], run["canonical_path"]) == ("bulk_sync_execution", "/api/bulk/syncs/b/executions/e")
    assert run["relationships"] == {"bulk_sync": {"id": "b", "path": "/api/bulk/syncs/b"}}


async def test_organizations_and_users_are_entities(http: httpx.AsyncClient) -> None:
    partner = (await http.get(f"/api/organizations/entities/{ORGANIZATION_ID}")).json()["data"]

    assert (partner["type"], partner["organization_id"]) == ("organization", ORGANIZATION_ID)
    assert (await found(http, USER_ID))["type"] == "user"


async def test_an_unknown_id_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/entities/none")).status_code == 404
