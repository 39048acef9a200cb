"""Users over HTTP: in the caller's organization and, for partners, in any organization."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from polytomic_mcp.sandbox.resources.organizations.roles import ADMIN, MEMBER

OWN = "/api/organization/users"
ANY = f"/api/organizations/{ORGANIZATION_ID}/users"
EVE = "eve@acme.example"


async def create(http: httpx.AsyncClient, path: str = OWN, **more: Any) -> dict[str, Any]:
    answer = await http.post(path, json={"email": EVE, **more})
    assert answer.status_code == 200, answer.text
    user: dict[str, Any] = answer.json()["data"]
    return user


async def test_the_user_of_the_key_is_an_admin(http: httpx.AsyncClient) -> None:
    (ada,) = (await http.get(OWN)).json()["data"]

    assert ada == {
        "id": USER_ID,
        "email": "ada@acme.example",
        "organization_id": ORGANIZATION_ID,
        "role_ids": [ADMIN],
        "role": "admin",
        "harbor_ids": [],
        "harbor_only": False,
    }


@pytest.mark.parametrize("path", [OWN, ANY])
async def test_a_user_is_added_as_a_member_and_listed(http: httpx.AsyncClient, path: str) -> None:
    user = await create(http, path)

    assert (user["email"], user["role_ids"], user["role"]) == (EVE, [MEMBER], "user")
    assert (await http.get(f"{path}/{user['id']}")).json()["data"].items() >= user.items()
    assert [each["email"] for each in (await http.get(path)).json()["data"]] == ["ada@acme.example", EVE]


@pytest.mark.parametrize(
    ("body", "role_ids"),
    [
        ({"role": "admin"}, [ADMIN]),
        ({"role": "Admin"}, [ADMIN]),
        ({"role_ids": None}, [MEMBER]),
        ({"role": "user"}, [MEMBER]),
        ({"role_ids": [MEMBER, ADMIN]}, [MEMBER, ADMIN]),
    ],
)
async def test_a_user_has_the_roles_of_the_request(
    http: httpx.AsyncClient, body: dict[str, Any], role_ids: list[str]
) -> None:
    assert (await create(http, **body))["role_ids"] == role_ids


@pytest.mark.parametrize(
    "body",
    [
        {"role": "owner"},
        {"role": "admin", "role_ids": [ADMIN]},
        {"role_ids": ["none"]},
        {"role_ids": []},
        {"role": "user", "role_ids": []},
        {"email": "eve"},
        {"email": "ada@acme.example"},
        {"email": "Ada@ACME.example"},
    ],
)
async def test_invalid_arguments_are_refused(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await http.post(OWN, json={"email": EVE, **body})

    assert answer.status_code == 422
    assert (await http.get(OWN)).json()["data"][1:] == []


async def test_an_update_replaces_roles_and_keeps_omitted_fields(http: httpx.AsyncClient) -> None:
    user = await create(http, role="admin")

    renamed = await http.put(f"{ANY}/{user['id']}", json={"email": "eva@acme.example"})
    changed = await http.put(f"{OWN}/{user['id']}", json={"role_ids": [MEMBER]})

    assert renamed.json()["data"]["role_ids"] == [ADMIN]
    assert (changed.json()["data"]["email"], changed.json()["data"]["role_ids"]) == (
        "eva@acme.example",
        [MEMBER],
    )


async def test_an_address_is_stored_in_lower_case_and_belongs_to_one_user(http: httpx.AsyncClient) -> None:
    user = await create(http, email="Zoe@Acme.Example")
    other = await create(http)

    taken = await http.put(f"{ANY}/{other['id']}", json={"email": "ZOE@acme.example"})
    renamed = await http.put(f"{ANY}/{user['id']}", json={"email": "ZOE@acme.example"})

    assert user["email"] == renamed.json()["data"]["email"] == "zoe@acme.example"
    assert taken.status_code == 422


async def test_an_update_with_an_empty_list_of_roles_is_refused(http: httpx.AsyncClient) -> None:
    user = await create(http)

    answer = await http.put(f"{OWN}/{user['id']}", json={"role_ids": []})

    assert answer.status_code == 422
    assert "role_ids must not be empty" in answer.text


async def test_a_deleted_user_is_returned_and_no_longer_found(http: httpx.AsyncClient) -> None:
    user = await create(http)

    answer = await http.delete(f"{OWN}/{user['id']}")

    assert answer.json()["data"] == user
    assert (await http.get(f"{OWN}/{user['id']}")).status_code == 404


async def test_users_cannot_delete_themselves(http: httpx.AsyncClient) -> None:
    assert (await http.delete(f"{OWN}/{USER_ID}")).status_code == 403


async def test_a_user_is_found_in_their_own_organization_only(http: httpx.AsyncClient) -> None:
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]

    assert (await http.get(f"/api/organizations/{other['id']}/users/{USER_ID}")).status_code == 404
