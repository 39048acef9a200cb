"""Created keys and credentials: they work as their user until they are revoked or expire."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.calls import credentials
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from tests.sandbox.conftest import Clock

USERS = f"/api/organizations/{ORGANIZATION_ID}/users"
TEMPORARY = "/api/temporary-credentials"


@pytest.fixture
async def eve(http: httpx.AsyncClient) -> str:
    """Return the path of a user's keys."""
    user = (await http.post(USERS, json={"email": "eve@acme.example"})).json()["data"]
    return f"{USERS}/{user['id']}"


async def create_key(http: httpx.AsyncClient, user: str, **query: Any) -> str:
    answer = await http.post(f"{user}/keys", params=query)
    assert answer.status_code == 200, answer.text
    value: str = answer.json()["data"]["value"]
    return value


async def create_temporary(http: httpx.AsyncClient, mode: str = "user", **more: Any) -> dict[str, Any]:
    answer = await http.post(TEMPORARY, json={"subject": {"type": "user", "mode": mode}, **more})
    assert answer.status_code == 200, answer.text
    credential: dict[str, Any] = answer.json()["data"]
    return credential


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_new_key_works_as_its_user(http: httpx.AsyncClient, eve: str) -> None:
    key = await create_key(http, eve)

    me = (await http.get("/api/me", headers=bearer(key))).json()["data"]

    assert (me["email"], me["credential"]) == ("eve@acme.example", {"method": "api_key", "mode": "user"})
    assert (await http.get("/api/me")).json()["data"]["email"] == "ada@acme.example"


async def test_a_second_key_needs_force_and_revokes_the_first(http: httpx.AsyncClient, eve: str) -> None:
    first = await create_key(http, eve)

    refused = await http.post(f"{eve}/keys")
    second = await create_key(http, eve, force=True)

    assert (refused.status_code, refused.json()["key"]) == (409, "api_key_exists")
    assert (await http.get("/api/me", headers=bearer(first))).status_code == 401
    assert (await http.get("/api/me", headers=bearer(second))).status_code == 200


async def test_the_sandboxs_own_key_is_not_revoked(http: httpx.AsyncClient) -> None:
    ada = f"{USERS}/{USER_ID}"
    await create_key(http, ada)
    await create_key(http, ada, force=True)

    assert (await http.get("/api/me")).status_code == 200


async def test_a_key_is_deleted_with_its_user(http: httpx.AsyncClient, eve: str) -> None:
    key = await create_key(http, eve)
    await http.delete(eve)

    assert (await http.get("/api/me", headers=bearer(key))).status_code == 401


async def test_a_key_works_after_a_restart_and_is_not_in_the_state(tmp_path: Any) -> None:
    state = tmp_path / "state.db"
    first = create_sandbox(state=state).state.workspace
    user = first.store.get("user", USER_ID)
    key = credentials.create_key(first, user, force=False)
    first.close()

    second = create_sandbox(state=state).state.workspace
    found = credentials.find(second, key)
    second.close()

    assert found == replace(credentials.OWNER, holder="user")
    assert key.encode() not in state.read_bytes()


async def test_an_answer_to_one_user_is_not_replayed_to_another(http: httpx.AsyncClient, eve: str) -> None:
    headers = {"Idempotency-Key": "one-key-for-two"}
    key = (await http.post(f"{eve}/keys", headers=headers)).json()["data"]["value"]

    again = await http.post(f"{eve}/keys", headers=headers)
    other = await http.post(f"{eve}/keys", headers=headers | bearer(key))

    assert again.json()["data"]["value"] == key
    assert (other.status_code, other.json()["key"]) == (422, "idempotency_key_reused")


async def test_a_temporary_credential_works_until_it_expires(http: httpx.AsyncClient, clock: Clock) -> None:
    created = await create_temporary(http, duration_seconds=600, session_name="nightly")
    headers = bearer(created["access_token"])

    clock.advance(seconds=599)
    me = (await http.get("/api/me", headers=headers)).json()["data"]
    clock.advance(seconds=1)
    late = await http.get("/api/me", headers=headers)

    assert (created["token_type"], created["expires_at"]) == ("Bearer", "2026-01-15T09:10:00Z")
    assert me["credential"] == {"method": "temporary_credential", "mode": "user"}
    assert late.status_code == 401


async def test_a_read_only_credential_can_only_read(http: httpx.AsyncClient) -> None:
    headers = bearer((await create_temporary(http, "read_only"))["access_token"])

    read = await http.get("/api/connections", headers=headers)
    test = await http.post(
        "/api/connections/test", headers=headers, json={"type": "postgresql", "configuration": {}}
    )
    written = await http.post("/api/permissions/roles", headers=headers, json={"name": "R"})

    assert (read.status_code, test.status_code) == (200, 400)
    assert written.status_code == 403
    assert written.json()["message"] == (
        "This credential is read-only, but POST /api/permissions/roles writes."
    )


async def test_a_temporary_credential_cannot_create_credentials(http: httpx.AsyncClient, eve: str) -> None:
    headers = bearer((await create_temporary(http))["access_token"])

    another = await http.post(TEMPORARY, headers=headers, json={"subject": {"type": "user"}})
    key = await http.post(f"{eve}/keys", headers=headers)

    assert [another.status_code, key.status_code] == [403, 403]


async def test_a_temporary_credential_is_for_a_user_of_the_organization(
    http: httpx.AsyncClient, eve: str
) -> None:
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]
    subject = {"type": "user", "user_id": eve.rpartition("/")[2]}

    created = (await http.post(TEMPORARY, json={"subject": subject})).json()["data"]
    elsewhere = await http.post(TEMPORARY, json={"subject": subject | {"organization_id": other["id"]}})

    me = (await http.get("/api/me", headers=bearer(created["access_token"]))).json()["data"]
    assert me["email"] == "eve@acme.example"
    assert elsewhere.status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"duration_seconds": 599}, 400),
        ({"duration_seconds": 14_401}, 400),
        ({"session_name": "x" * 129}, 400),
        ({"subject": {"type": "robot"}}, 400),
        ({"subject": {"type": "user", "mode": "write_only"}}, 400),
        ({"subject": {"type": "harbor"}}, 404),
        ({"subject": {"type": "user", "user_id": "none"}}, 404),
    ],
)
async def test_what_does_not_fit_is_refused(http: httpx.AsyncClient, body: Any, status: int) -> None:
    answer = await http.post(TEMPORARY, json={"subject": {"type": "user"}, **body})

    assert answer.status_code == status


async def test_an_organization_has_a_thousand_credentials_at_a_time(
    http: httpx.AsyncClient, clock: Clock, sandbox: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A thousand requests would take too long.
    monkeypatch.setattr(credentials, "MOST_ACTIVE", 2)
    for _ in range(2):
        await create_temporary(http, duration_seconds=600)

    full = await http.post(TEMPORARY, json={"subject": {"type": "user"}})
    clock.advance(seconds=600)
    later = await http.post(TEMPORARY, json={"subject": {"type": "user"}})

    assert [full.status_code, later.status_code] == [429, 200]
    assert len(sandbox.state.workspace.store.list("temporary_credential")) == 1
