"""What a Harbor's credential may call, and the activity that is recorded."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Clock, Connect

REQUEST_ID = "X-Polytomic-Activity-Request-ID"
ACTIVITY = "/api/organization/harbor-activity"
DAY = {"start_time": "2026-01-15T00:00:00Z", "end_time": "2026-01-16T00:00:00"}


async def test_a_query_needs_the_harbors_credential_and_an_unused_request_id(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, sandbox: Starlette, path: str
) -> None:
    body, id_ = {"query": "SELECT 1 AS n"}, str(uuid4())
    sent = {REQUEST_ID: id_}

    run = await agent.post(f"{path}/query", json=body, headers=sent)
    reused = await agent.post(f"{path}/query", json=body, headers=sent)
    sandbox.state.workspace.workers.shutdown(wait=True)
    rows = (await agent.get(f"/api/queries/{run.json()['data']['id']}")).json()["data"]

    assert rows["results"] == [{"n": 1}]
    assert reused.status_code == 409
    assert (await http.post(f"{path}/query", json=body)).status_code == 403
    assert (await agent.post(f"{path}/query", json={"query": " "})).status_code == 400


@pytest.mark.parametrize("id_", ["", "x", "00000000-0000-0000-0000-000000000000"])
async def test_a_request_id_must_be_a_uuid(agent: httpx.AsyncClient, path: str, id_: str) -> None:
    assert (await agent.get(f"{path}/contexts", headers={REQUEST_ID: id_})).status_code == 400


async def test_a_credential_has_access_to_its_own_harbor_and_store_only(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, harbor: dict[str, Any], connect: Connect
) -> None:
    other = await http.post("/api/harbors", json={"name": "Other", "backing_mode": "managed"})
    elsewhere = (await connect("snowflake"))["id"]
    (store,) = (await agent.get("/api/harbor/connections")).json()["data"]
    schemas = (await agent.get(f"/api/harbor/connections/{store['id']}/schemas")).json()
    first = schemas["data"][0]["id"]
    schema = (await agent.get(f"/api/harbor/connections/{store['id']}/schemas/{first}")).json()["data"]
    link = {"connection_id": elsewhere, "schema_id": "public.salesforce_contacts"}

    assert (store["id"], store["type"]) == (harbor["backing_connection_id"], "motherduck")
    assert (schema["id"], bool(schema["fields"])) == (first, True)
    assert (await agent.get(f"/api/harbor/connections/{elsewhere}/schemas")).status_code == 404
    assert (await agent.get("/api/record-view-links/capabilities", params=link)).status_code == 403
    assert (
        await agent.get(f"/api/harbors/{other.json()['data']['harbor']['id']}/contexts")
    ).status_code == 404
    assert (await agent.get("/api/connections")).status_code == 403
    me = (await agent.get("/api/me")).json()["data"]["credential"]
    assert (me["method"], me["harbor"]["id"]) == ("harbor_key", harbor["id"])
    assert (await http.get("/api/harbor/connections")).status_code == 403


async def test_a_session_header_is_refused(agent: httpx.AsyncClient, path: str) -> None:
    sent = {"X-Polytomic-Harbor-Session": "s"}

    assert (await agent.get(f"{path}/contexts", headers=sent)).status_code == 403


async def test_a_temporary_credential_can_have_a_harbor_as_its_subject(
    http: httpx.AsyncClient, harbor: dict[str, Any], path: str
) -> None:
    subject = {"type": "harbor", "harbor_id": harbor["id"], "mode": "read_only"}
    created = await http.post("/api/temporary-credentials", json={"subject": subject})
    headers = {"Authorization": f"Bearer {created.json()['data']['access_token']}"}

    read = await http.get(f"{path}/contexts", headers=headers | {REQUEST_ID: str(uuid4())})
    written = await http.post(
        f"{path}/query", json={"query": "SELECT 1"}, headers=headers | {REQUEST_ID: str(uuid4())}
    )

    assert (read.status_code, written.status_code) == (200, 403)
    lost = {"subject": {"type": "harbor", "harbor_id": "nope"}}
    assert (await http.post("/api/temporary-credentials", json=lost)).status_code == 404


async def test_activity_is_listed_for_administrators(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, created: dict[str, Any], path: str, clock: Clock
) -> None:
    await agent.get(f"{path}/contexts")
    clock.advance(minutes=1)
    await agent.post(f"{path}/query", json={"query": "SELECT 1 AS n"})
    clock.advance(minutes=1)
    await agent.get("/api/harbor/connections")

    newest = (await http.get(ACTIVITY, params=DAY)).json()["data"]
    oldest = (await http.get(ACTIVITY, params=DAY | {"order": "asc", "limit": 1})).json()
    key = {"credential_id": created["api_key"]["id"], "event_type": "query.submitted"}
    filtered = (await http.get(ACTIVITY, params=DAY | key)).json()["data"]
    other = (await http.get(ACTIVITY, params=DAY | {"harbor_id": "nope"})).json()["data"]
    one = (await http.get(f"{ACTIVITY}/{newest[0]['id']}")).json()["data"]

    types = ["connection.listed", "query.submitted", "context.listed"]
    assert [event["event_type"] for event in newest] == types
    assert oldest["data"] == newest[2:]
    assert filtered == [newest[1]]
    assert (other, one) == ([], newest[0])
    assert "SELECT" not in str(newest)


async def test_event_types_name_the_object_and_the_action(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, path: str
) -> None:
    context = (await http.post(f"{path}/contexts", json={"title": "t", "content": "c"})).json()["data"]
    await agent.get(f"{path}/contexts/{context['id']}")
    await agent.delete(f"{path}/contexts/{context['id']}")

    found = (await http.get(ACTIVITY, params=DAY)).json()["data"]

    assert {event["event_type"] for event in found} == {"context.fetched", "context.deleted"}
    assert found[0]["targets"] == [{"type": "context", "id": context["id"]}]


@pytest.mark.parametrize(
    "more",
    [
        {"start_time": "soon"},
        {"end_time": "2026-01-14T00:00:00Z"},
        {"end_time": "2026-05-14T00:00:00Z"},
        {"order": "up"},
    ],
)
async def test_an_invalid_time_or_order_is_refused(http: httpx.AsyncClient, more: dict[str, Any]) -> None:
    assert (await http.get(ACTIVITY, params=DAY | more)).status_code == 400


async def test_activity_is_refused_to_other_users(http: httpx.AsyncClient) -> None:
    me = (await http.get("/api/me")).json()["data"]
    path = f"/api/organizations/{me['organization_id']}/users"
    bob = (await http.post(path, json={"email": "bob@acme.example"})).json()["data"]
    key = (await http.post(f"{path}/{bob['id']}/keys")).json()["data"]["value"]

    refused = await http.get(ACTIVITY, params=DAY, headers={"Authorization": f"Bearer {key}"})

    assert refused.status_code == 403


async def test_deleting_a_harbor_ends_its_temporary_credentials(
    http: httpx.AsyncClient, harbor: dict[str, Any], path: str
) -> None:
    subject = {"type": "harbor", "harbor_id": harbor["id"]}
    created = await http.post("/api/temporary-credentials", json={"subject": subject})
    headers = {"Authorization": f"Bearer {created.json()['data']['access_token']}"}

    await http.delete(path)

    assert (await http.get("/api/me", headers=headers)).status_code == 401
