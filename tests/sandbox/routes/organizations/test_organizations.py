"""Organizations over HTTP: the sandbox's own, and those that a partner creates."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from tests.sandbox.conftest import Connect


async def create(http: httpx.AsyncClient, name: str = "Other", **more: Any) -> dict[str, Any]:
    answer = await http.post("/api/organizations", json={"name": name, **more})
    assert answer.status_code == 200, answer.text
    organization: dict[str, Any] = answer.json()["data"]
    return organization


async def test_the_callers_organization_is_the_sandboxs_own(http: httpx.AsyncClient) -> None:
    own = {"id": ORGANIZATION_ID, "name": "Acme (sandbox)"}

    assert (await http.get("/api/organization")).json()["data"] == own
    assert (await http.get("/api/organizations")).json()["data"] == [own]


async def test_an_organization_stores_its_single_sign_on_without_the_secret(http: httpx.AsyncClient) -> None:
    sso = {"issuer": "https://id.example", "sso_domain": "other.example", "sso_org_id": "o1"}

    made = await create(http, **sso, client_id="c", client_secret="s")

    assert made == {"id": made["id"], "name": "Other", **sso}
    assert (await http.get(f"/api/organizations/{made['id']}")).json()["data"] == made


async def test_an_update_replaces_every_field(http: httpx.AsyncClient) -> None:
    made = await create(http, issuer="https://id.example")

    changed = await http.put(f"/api/organizations/{made['id']}", json={"name": "Another"})

    assert changed.json()["data"] == {"id": made["id"], "name": "Another"}


async def test_two_organizations_cannot_have_the_same_name(http: httpx.AsyncClient) -> None:
    made = await create(http)

    again = await http.post("/api/organizations", json={"name": "Other"})
    renamed = await http.put(f"/api/organizations/{ORGANIZATION_ID}", json={"name": "Other"})
    same = await http.put(f"/api/organizations/{made['id']}", json={"name": "Other"})

    assert [again.status_code, renamed.status_code, same.status_code] == [409, 409, 200]


async def test_deleting_an_organization_deletes_its_users(http: httpx.AsyncClient) -> None:
    path = f"/api/organizations/{(await create(http))['id']}"
    user = (await http.post(f"{path}/users", json={"email": "eve@other.example"})).json()["data"]
    key = (await http.post(f"{path}/users/{user['id']}/keys")).json()["data"]["value"]

    assert (await http.delete(path)).status_code == 204
    assert (await http.get(path)).status_code == 404
    assert (await http.get("/api/me", headers={"Authorization": f"Bearer {key}"})).status_code == 401


async def test_the_sandboxs_own_organization_cannot_be_deleted(http: httpx.AsyncClient) -> None:
    assert (await http.delete(f"/api/organizations/{ORGANIZATION_ID}")).status_code == 403


async def test_a_key_of_another_organization_has_access_to_that_organization_only(
    http: httpx.AsyncClient,
) -> None:
    other = await create(http)
    path = f"/api/organizations/{other['id']}"
    user = (await http.post(f"{path}/users", json={"email": "eve@other.example"})).json()["data"]
    key = (await http.post(f"{path}/users/{user['id']}/keys")).json()["data"]["value"]
    http.headers["Authorization"] = f"Bearer {key}"

    me = (await http.get("/api/me")).json()["data"]
    listed = (await http.get("/api/organizations")).json()["data"]
    outside = [
        await http.get(f"/api/organizations/{ORGANIZATION_ID}"),
        await http.get(f"/api/organizations/{ORGANIZATION_ID}/users"),
        await http.post("/api/organizations", json={"name": "More"}),
        await http.delete(path),
    ]

    assert (me["email"], me["organization_id"], me["role"]) == ("eve@other.example", other["id"], "user")
    assert listed == [other]
    assert [answer.status_code for answer in outside] == [403] * 4


async def test_the_key_acts_in_the_organization_that_the_request_names(http: httpx.AsyncClient) -> None:
    other = await create(http)
    own = (await http.get("/api/organization")).json()["data"]
    key = http.headers.pop("Authorization").removeprefix("Bearer ")

    seen = [
        (await http.get("/api/organization", auth=(name, key))).json()["data"]
        for name in (other["id"], ORGANIZATION_ID, "none", "")
    ]

    assert seen == [other, own, own, own]
    assert (await http.get("/api/organization/users", auth=(other["id"], key))).json()["data"] == []


@pytest.mark.parametrize("method", ["get", "delete"])
async def test_an_unknown_organization_is_not_found(http: httpx.AsyncClient, method: str) -> None:
    assert (await http.request(method, "/api/organizations/none")).status_code == 404


async def test_the_record_logging_setting_includes_its_delivery(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    path = "/api/organization/record-logging"
    connection = await connect("snowflake")
    before = (await http.get(path)).json()["data"]

    body = {"enabled": False, "deliveryConnectionId": connection["id"], "deliveryPrefix": "logs"}
    changed = (await http.put(path, json=body)).json()["data"]
    unknown = await http.put(path, json={"enabled": True, "deliveryConnectionId": "none"})

    assert before == {"enabled": True}
    assert changed == body | {"deliveryConnectionName": connection["name"]}
    assert (await http.get(path)).json()["data"] == changed
    assert unknown.status_code == 404
    assert (await http.put(path, json={"enabled": True})).json()["data"] == {"enabled": True}
