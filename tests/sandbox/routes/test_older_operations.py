"""The operations that only API version 2024-02-08 has."""

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.resources.syncs import executions
from tests.sandbox.conftest import Connect

OLDER = {"X-Polytomic-Version": "2024-02-08"}


async def test_an_execution_is_canceled_by_its_status(http: httpx.AsyncClient, sandbox: Starlette) -> None:
    workspace = sandbox.state.workspace
    workspace.store.put("sync", "s", {"id": "s", "name": "S"})
    execution = executions.create(workspace, "s", {})
    path = f"/api/syncs/s/executions/{execution['id']}"

    refused = await http.put(path, json={"status": "completed"}, headers=OLDER)
    changed = await http.put(path, json={"status": "canceled"}, headers=OLDER)

    assert refused.status_code == 400
    assert changed.json()["data"]["status"] in ("canceling", "canceled")


@pytest.mark.parametrize(("search", "found"), [("", True), ("CAMP", False), ("conta", True)])
async def test_targets_are_listed_in_the_shape_of_sources(
    http: httpx.AsyncClient, connect: Connect, search: str, *, found: bool
) -> None:
    path = f"/api/connections/{(await connect('hubspot'))['id']}/modelsync/target"

    answer = await http.get(path, params={"search": search} if search else {}, headers=OLDER)

    data = answer.json()["data"]
    assert data["requires_one_of"] == ["object"]
    assert ("contacts" in data["items"]["object"]["items"]) is found


async def test_a_connection_is_shared_under_its_own_path(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = (await connect("hubspot"))["id"]
    child = (await http.post("/api/organizations", json={"name": "Child"})).json()["data"]["id"]
    path = f"/api/connections/{connection}/share"

    shared = await http.post(path, json={"child_organization_id": child, "name": "Lent"}, headers=OLDER)

    copies = (await http.get(f"/api/connections/{connection}/shared")).json()["data"]
    assert [(each["id"], each["name"]) for each in copies] == [(shared.json()["data"]["id"], "Lent")]
    assert (await http.post(path, json={"child_organization_id": child})).status_code == 404


async def test_the_current_version_has_none_of_these_operations(http: httpx.AsyncClient) -> None:
    assert (await http.put("/api/syncs/s/executions/e", json={"status": "canceled"})).status_code == 405
    assert (await http.get("/api/connections/c/modelsync/target")).status_code == 404
