"""Roles and policies over HTTP."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.resources.organizations.roles import ADMIN, MEMBER

ROLES = "/api/permissions/roles"
POLICIES = "/api/permissions/policies"


async def create(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def test_a_role_is_created_renamed_and_deleted(http: httpx.AsyncClient) -> None:
    role = await create(http, ROLES, name="Analyst")
    path = f"{ROLES}/{role['id']}"

    renamed = (await http.put(path, json={"name": "Reader"})).json()["data"]
    listed = (await http.get(ROLES)).json()["data"]
    read = (await http.get(path)).json()["data"]
    deleted = await http.delete(path)

    assert not role["system"]
    assert renamed == read == role | {"name": "Reader"}
    assert [each["name"] for each in listed] == ["Admin", "Member", "Reader"]
    assert deleted.status_code == 204
    assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("id_", [ADMIN, MEMBER])
async def test_system_roles_cannot_be_changed(http: httpx.AsyncClient, method: str, id_: str) -> None:
    body = {"name": "Boss"} if method == "PUT" else None

    answer = await http.request(method, f"{ROLES}/{id_}", json=body)

    assert (answer.status_code, answer.json()["key"]) == (403, "system_role")


async def test_a_deleted_role_is_removed_from_users_and_stays_in_policies(http: httpx.AsyncClient) -> None:
    role = await create(http, ROLES, name="Analyst")
    actions = [{"action": "create", "role_ids": [role["id"], ADMIN]}]
    policy = await create(http, POLICIES, name="P", policy_actions=actions)
    user = await create(
        http, "/api/organization/users", email="e@acme.example", role_ids=[MEMBER, role["id"]]
    )

    await http.delete(f"{ROLES}/{role['id']}")

    kept = (await http.get(f"{POLICIES}/{policy['id']}")).json()["data"]
    assert kept["policy_actions"] == actions
    again = await http.put(f"{POLICIES}/{policy['id']}", json={"name": "Q", "policy_actions": actions})
    assert again.json()["data"] == kept | {"name": "Q"}
    member = (await http.get(f"/api/organization/users/{user['id']}")).json()["data"]
    assert member["role_ids"] == [MEMBER]


async def test_a_policy_is_replaced_entirely_and_deleted(http: httpx.AsyncClient) -> None:
    actions = [{"action": "create", "role_ids": [ADMIN]}, {"action": "delete"}]
    policy = await create(http, POLICIES, name="P", policy_actions=actions)
    path = f"{POLICIES}/{policy['id']}"

    replaced = (await http.put(path, json={"name": "Q"})).json()["data"]

    assert policy["policy_actions"] == [actions[0], {"action": "delete", "role_ids": []}]
    assert replaced == policy | {"name": "Q", "policy_actions": []}
    assert (await http.get(POLICIES)).json()["data"] == [replaced]
    assert (await http.delete(path)).status_code == 204
    assert (await http.get(path)).status_code == 404


async def test_a_policy_with_unknown_roles_is_refused(http: httpx.AsyncClient) -> None:
    actions = [{"action": "create", "role_ids": ["none"]}]

    answer = await http.post(POLICIES, json={"name": "P", "policy_actions": actions})

    assert answer.status_code == 400
    assert "role_ids has unknown roles: none" in answer.json()["message"]
