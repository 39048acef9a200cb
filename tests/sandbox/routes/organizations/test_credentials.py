"""The user or organization of the caller's credential."""

import httpx


async def test_the_key_identifies_the_one_user_of_the_sandbox(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me")

    assert answer.status_code == 200
    assert answer.json()["data"]["email"] == "ada@acme.example"


async def test_a_users_key_is_not_a_partners_key(http: httpx.AsyncClient) -> None:
    own = (await http.get("/api/me")).json()["data"]
    path = f"/api/organizations/{own['organization_id']}/users/{own['id']}/keys"
    key = (await http.post(path)).json()["data"]["value"]
    headers = {"Authorization": f"Bearer {key}"}

    hers = (await http.get("/api/me", headers=headers)).json()["data"]
    more = await http.post("/api/organizations", json={"name": "More"}, headers=headers)

    assert (hers["id"], hers["is_user"], hers["is_partner"]) == (own["id"], True, False)
    assert more.status_code == 403


async def test_the_key_belongs_to_the_organization_that_the_request_names(http: httpx.AsyncClient) -> None:
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]["id"]
    key = http.headers.pop("Authorization").removeprefix("Bearer ")

    me = (await http.get("/api/me", auth=(other, key))).json()["data"]

    assert me["organization_id"] == other
    assert me.keys().isdisjoint({"id", "email", "role"})
    assert (me["is_organization"], me["is_user"], me["is_partner"]) == (True, False, False)


async def test_every_key_of_a_user_is_a_user_and_nothing_else(http: httpx.AsyncClient) -> None:
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]["id"]
    path = f"/api/organizations/{other}/users"
    user = (await http.post(path, json={"email": "eve@other.example"})).json()["data"]
    key = (await http.post(f"{path}/{user['id']}/keys")).json()["data"]["value"]

    own = (await http.get("/api/me")).json()["data"]
    hers = (await http.get("/api/me", headers={"Authorization": f"Bearer {key}"})).json()["data"]

    for me in (own, hers):
        flags = [me[name] for name in ("is_user", "is_organization", "is_partner", "is_system")]
        assert flags == [True, False, False, False]


async def test_the_credential_is_described_without_the_key(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me")

    assert answer.json()["data"]["credential"] == {"method": "api_key", "mode": "user"}
    assert http.headers["Authorization"].removeprefix("Bearer ") not in answer.text
