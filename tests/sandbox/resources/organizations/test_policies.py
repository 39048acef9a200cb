"""What policies allow a caller, by the caller's roles."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.resources.organizations.roles import ADMIN

STRIPE = {"name": "C", "type": "stripe", "configuration": {"api_key": "k"}}
USERS = f"/api/organizations/{ORGANIZATION_ID}/users"


@pytest.fixture
async def analyst(http: httpx.AsyncClient) -> str:
    """Return the id of a role."""
    made = await http.post("/api/permissions/roles", json={"name": "Analyst"})
    id_: str = made.json()["data"]["id"]
    return id_


@pytest.fixture
async def eve(http: httpx.AsyncClient, sandbox: Starlette, analyst: str) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client with the key of a user who has only that role."""
    body = {"email": "eve@acme.example", "role_ids": [analyst]}
    user = (await http.post(USERS, json=body)).json()["data"]
    key = (await http.post(f"{USERS}/{user['id']}/keys")).json()["data"]["value"]
    headers = {"Authorization": f"Bearer {key}", "X-Polytomic-Version": "2025-09-18"}
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as client:
        yield client


async def policy(http: httpx.AsyncClient, **granted: list[str]) -> str:
    """Create a policy that grants actions to roles: ``await policy(http, delete=[role])``."""
    actions = [{"action": action, "role_ids": role_ids} for action, role_ids in granted.items()]
    made = await http.post("/api/permissions/policies", json={"name": "P", "policy_actions": actions})
    id_: str = made.json()["data"]["id"]
    return id_


async def connection(http: httpx.AsyncClient, *policies: str) -> str:
    made = await http.post("/api/connections", json=STRIPE | {"policies": list(policies)})
    assert made.status_code == 200, made.text
    return f"/api/connections/{made.json()['data']['id']}"


async def test_an_object_without_policies_is_open_to_everyone(
    http: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    own = await connection(eve)
    path = await connection(http)

    assert (await eve.put(path, json=STRIPE)).status_code == 200
    assert [(await eve.delete(each)).status_code for each in (own, path)] == [204, 204]


async def test_deleting_needs_a_policy_that_grants_it(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, analyst: str
) -> None:
    closed, open_ = await policy(http, delete=[ADMIN], create=[analyst]), await policy(http, delete=[analyst])
    path, either = await connection(http, closed), await connection(http, closed, open_)

    refused = await eve.delete(path)

    assert (refused.status_code, refused.json()["key"]) == (403, "forbidden")
    assert (
        "DELETE /api/connections/{id}: none of your roles has the action delete" in refused.json()["message"]
    )
    assert (await eve.get(path)).status_code == 200
    assert (await eve.delete(either)).status_code == 204
    assert (await http.delete(path)).status_code == 204


async def test_adding_a_policy_needs_its_permission(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, analyst: str
) -> None:
    create_only = await policy(http, create=[analyst])
    apply_only = await policy(http, apply_policy=[analyst])
    both = await policy(http, create=[analyst], apply_policy=[analyst])

    answers = [
        await eve.post("/api/connections", json=STRIPE | {"policies": [id_]})
        for id_ in (create_only, apply_only, "none", both)
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 200]
    assert "apply_policy" in answers[0].json()["message"]
    assert "action create" in answers[1].json()["message"]


async def test_an_update_can_keep_the_current_policies(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, analyst: str
) -> None:
    held, added = await policy(http), await policy(http)
    granted = await policy(http, apply_policy=[analyst])
    path = await connection(http, held)

    kept = await eve.put(path, json=STRIPE | {"policies": [held, granted]})
    more = await eve.put(path, json=STRIPE | {"policies": [held, added]})

    assert [kept.status_code, more.status_code] == [200, 403]


async def test_a_deleted_policy_restricts_nothing(http: httpx.AsyncClient, eve: httpx.AsyncClient) -> None:
    gone = await policy(http)
    path = await connection(http, gone)
    await http.delete(f"/api/permissions/policies/{gone}")

    assert (await eve.delete(path)).status_code == 204


async def test_an_admin_may_do_everything(http: httpx.AsyncClient, eve: httpx.AsyncClient) -> None:
    path = await connection(http, await policy(http))
    me = (await eve.get("/api/me")).json()["data"]
    promoted = await http.put(f"{USERS}/{me['id']}", json={"email": me["email"], "role_ids": [ADMIN]})
    assert promoted.status_code == 200, promoted.text

    assert (await eve.delete(path)).status_code == 204


@pytest.mark.parametrize("noun", ["models", "syncs", "bulk/syncs"])
async def test_policies_apply_to_other_objects_too(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, sandbox: Starlette, noun: str
) -> None:
    kind = {"models": "model", "syncs": "sync", "bulk/syncs": "bulk_sync"}[noun]
    document: dict[str, Any] = {"id": "x", "policies": [await policy(http)]}
    sandbox.state.workspace.store.put(kind, "x", document)

    assert (await eve.delete(f"/api/{noun}/x")).status_code == 403
    assert (await eve.delete(f"/api/{noun}/none")).status_code == 404
