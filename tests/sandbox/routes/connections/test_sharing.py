"""Connections that one organization shares with another."""

import base64
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from tests.sandbox.conftest import Connect


@pytest.fixture
async def child(http: httpx.AsyncClient) -> str:
    """Return the id of the organization that receives the connection."""
    made = await http.post("/api/organizations", json={"name": "Child"})
    id_: str = made.json()["data"]["id"]
    return id_


@pytest.fixture
async def parent(connect: Connect) -> dict[str, Any]:
    """Return the connection that is shared."""
    connection: dict[str, Any] = await connect("postgresql", name="Lent")
    return connection


def within(organization_id: str) -> dict[str, str]:
    text = base64.b64encode(f"{organization_id}:sandbox-key".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def path_of(parent: dict[str, Any], organization_id: str = ORGANIZATION_ID) -> str:
    return f"/api/organizations/{organization_id}/connections/{parent['id']}/shared"


async def share(http: httpx.AsyncClient, parent: dict[str, Any], child: str, **more: Any) -> httpx.Response:
    return await http.post(path_of(parent), json={"child_organization_id": child, **more})


async def test_a_shared_connection_is_in_the_other_organization(
    http: httpx.AsyncClient, parent: dict[str, Any], child: str
) -> None:
    id_ = (await share(http, parent, child, name="Ours")).json()["data"]["id"]

    (there,) = (await http.get("/api/connections", headers=within(child))).json()["data"]
    status = await http.get(f"/api/connections/{id_}/schemas/status", headers=within(child))
    assert (there["id"], there["name"], there["organization_id"]) == (id_, "Ours", child)
    assert there["parent_connection_id"] == parent["id"] != id_
    assert there["configuration"] == parent["configuration"]
    assert status.status_code == 200
    assert [each["id"] for each in (await http.get("/api/connections")).json()["data"]] == [parent["id"]]


async def test_copies_are_listed_for_the_owner_and_for_partners(
    http: httpx.AsyncClient, parent: dict[str, Any], child: str
) -> None:
    before = await http.get(f"/api/connections/{parent['id']}/shared")
    id_ = (await share(http, parent, child)).json()["data"]["id"]

    own = await http.get(f"/api/connections/{parent['id']}/shared")
    partner = await http.get(path_of(parent))
    hidden = await http.get(f"/api/connections/{parent['id']}/shared", headers=within(child))

    assert before.json() == {"data": []}
    assert [(each["id"], each["name"]) for each in own.json()["data"]] == [(id_, "Lent")]
    assert partner.json() == own.json()
    assert own.json()["data"][0]["configuration"]["password"] == "********"
    assert hidden.status_code == 404


async def test_a_copy_follows_its_parent(http: httpx.AsyncClient, parent: dict[str, Any], child: str) -> None:
    id_ = (await share(http, parent, child)).json()["data"]["id"]
    changed = parent["configuration"] | {"database": "other", "password": "wrong"}
    await http.put(f"/api/connections/{parent['id']}", json={"name": "P", "configuration": changed})

    copy = (await http.get(f"/api/connections/{id_}", headers=within(child))).json()["data"]

    assert (copy["name"], copy["status"]) == ("Lent", "unhealthy")
    assert copy["configuration"]["database"] == "other"


async def test_a_copy_becomes_healthy_by_consent_to_its_parent(
    http: httpx.AsyncClient, create: Any, child: str
) -> None:
    parent = (await create("hubspot", {})).json()["data"]
    id_ = (await share(http, parent, child)).json()["data"]["id"]
    await http.post(parent["auth_url"], data={"decision": "allow"})

    copy = (await http.get(f"/api/connections/{id_}", headers=within(child))).json()["data"]

    assert (copy["status"], copy["saved"]) == ("healthy", True)


async def test_a_copy_can_be_deleted_but_not_changed(
    http: httpx.AsyncClient, parent: dict[str, Any], child: str
) -> None:
    id_ = (await share(http, parent, child)).json()["data"]["id"]
    body = {"name": "Mine", "configuration": parent["configuration"]}

    changed = await http.put(f"/api/connections/{id_}", json=body, headers=within(child))
    deleted = await http.delete(f"/api/connections/{id_}", headers=within(child))

    assert (changed.status_code, changed.json()["key"]) == (403, "shared_connection")
    assert deleted.status_code == 204
    assert (await http.get(path_of(parent))).json() == {"data": []}
    assert (await http.get(f"/api/connections/{parent['id']}")).status_code == 200


async def test_a_parent_is_deleted_with_its_copies_by_force_only(
    http: httpx.AsyncClient, parent: dict[str, Any], child: str
) -> None:
    id_ = (await share(http, parent, child)).json()["data"]["id"]
    body = {"name": "M", "connection_id": id_, "configuration": {"table": "public.none"}}
    await http.post("/api/models", json=body, headers=within(child))
    path = f"/api/connections/{parent['id']}"

    refused = await http.delete(path)
    forced = await http.delete(path, params={"force": True})

    assert refused.status_code == 422
    lent = {"id": id_, "name": "Lent"}
    assert refused.json()["metadata"] == {
        "shared_connections": [lent],
        "used_by": [{"type": "shared_connection", **lent}],
    }
    assert forced.status_code == 204
    assert (await http.get("/api/connections", headers=within(child))).json()["data"] == []


async def test_connections_that_cannot_be_shared_are_refused(
    http: httpx.AsyncClient, parent: dict[str, Any], child: str
) -> None:
    copy = (await share(http, parent, child)).json()["data"]
    third = (await http.post("/api/organizations", json={"name": "Third"})).json()["data"]["id"]

    again = await share(http, parent, child)
    to_itself = await share(http, parent, ORGANIZATION_ID)
    onward = await http.post(path_of(copy, child), json={"child_organization_id": third})
    nobody = await share(http, parent, "none")
    nothing = await share(http, {"id": "none"}, child)
    elsewhere = await http.get(path_of(parent, child))
    unauthorized = await http.post(
        path_of(parent, child), json={"child_organization_id": third}, headers=within(child)
    )

    statuses = [again, to_itself, onward, nobody, nothing, elsewhere, unauthorized]
    assert [answer.status_code for answer in statuses] == [409, 422, 422, 404, 404, 404, 403]
