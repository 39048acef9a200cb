"""Isolation of organizations: one cannot see or change the objects of another."""

import base64
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.routes import ROUTES

KEY = "sandbox-key"
TARGET = "my-gong-engage-flow"


def basic(organization_id: str) -> dict[str, str]:
    text = base64.b64encode(f"{organization_id}:{KEY}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


@pytest.fixture
async def other(http: httpx.AsyncClient) -> str:
    """Return the id of a second organization."""
    made = await http.post("/api/organizations", json={"name": "Other"})
    id_: str = made.json()["data"]["id"]
    return id_


@pytest.fixture
async def eve(http: httpx.AsyncClient, sandbox: Starlette, other: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the key of a user of the second organization."""
    users = f"/api/organizations/{other}/users"
    user = (await http.post(users, json={"email": "eve@other.example"})).json()["data"]
    key = (await http.post(f"{users}/{user['id']}/keys")).json()["data"]["value"]
    headers = {"Authorization": f"Bearer {key}", "X-Polytomic-Version": "2025-09-18"}
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as client:
        yield client


async def made(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    assert answer.status_code in {200, 202}, answer.text
    document: dict[str, Any] = answer.json()["data"]
    return document


async def furnish(http: httpx.AsyncClient, schema: str = "copy") -> dict[str, str]:
    """Make one of everything, and return the id of each by its kind."""
    warehouse = {"account": "x", "username": "u", "password": "p", "dbname": "d"}
    gong = {"auth_method": "token", "access_key": "a", "access_secret": "s"}
    source = await made(http, "/api/connections", name="W", type="snowflake", configuration=warehouse)
    target = await made(http, "/api/connections", name="G", type="gong", configuration=gong)
    query = "SELECT contact_id FROM salesforce_contacts"
    model = await made(
        http, "/api/models", name="M", connection_id=source["id"], configuration={"query": query}
    )
    identity = {"field": "contact_id", "model_id": model["id"]}
    sync = await made(
        http,
        "/api/syncs",
        name="S",
        mode="updateOrCreate",
        fields=[],
        schedule={"frequency": "manual"},
        identity={"source": identity, "target": "Id", "function": "Equality"},
        target={"connection_id": target["id"], "object": TARGET},
    )
    await http.get(f"/api/connections/{source['id']}/schemas/status")
    bulk = await made(
        http,
        "/api/bulk/syncs",
        name="B",
        source_connection_id=source["id"],
        destination_connection_id=source["id"],
        destination_configuration={"schema": schema},
        default_schedule={"frequency": "manual"},
    )
    execution = await made(http, f"/api/syncs/{sync['id']}/executions")
    bulk_execution = await made(http, f"/api/bulk/syncs/{bulk['id']}/executions")
    asked = await made(http, f"/api/connections/{source['id']}/query", query="SELECT 1")
    job = await http.post(
        "/api/models",
        json={
            "name": "J",
            "connection_id": source["id"],
            "configuration": {"query": query},
            "async": True,
        },
    )
    job_id: str = job.json()["job"]["job_id"]
    while (await http.get(f"/api/jobs/createmodel/{job_id}")).json()["data"]["status"] != "done":
        pass
    schedule = (await http.get(f"/api/bulk/syncs/{bulk['id']}/schedules")).json()["data"][0]
    return {
        "connection": source["id"],
        "model": model["id"],
        "sync": sync["id"],
        "bulk": bulk["id"],
        "execution": execution["id"],
        "bulk_execution": bulk_execution["id"],
        "query": asked["id"],
        "job": f"createmodel/{job_id}",
        "schedule": schedule["id"],
    }


OWNED = re.compile(r"GET /api/(connections|models|syncs|bulk/syncs|queries|jobs)/.*\{")
"""The operations that read an object of an organization."""

NAMES = [
    (r"(/bulk/syncs/)\{\w+\}", "bulk"),
    (r"(/connections/)\{\w+\}", "connection"),
    (r"(/models/)\{\w+\}", "model"),
    (r"(/api/syncs/)\{\w+\}", "sync"),
    (r"(/api/syncs/.*/executions/)\{\w+\}", "execution"),
    (r"(/bulk/syncs/.*/executions/)\{\w+\}", "bulk_execution"),
    (r"(/schedules/)\{\w+\}", "schedule"),
    (r"(/queries/)\{\w+\}", "query"),
    (r"(/jobs/)\{type\}/\{id\}", "job"),
]
"""The values of a path's placeholders; a job has a type and an id."""

LISTS = [
    "/api/connections",
    "/api/models",
    "/api/syncs",
    "/api/bulk/syncs",
    "/api/events",
    "/api/bulk/syncs/status?all=true",
]

READS = [
    "/api/connections/{connection}",
    "/api/connections/{connection}/schemas/status",
    "/api/connections/{connection}/modelsync/source",
    "/api/connections/{connection}/modelsync/targetobjects",
    "/api/connections/{connection}/bulksync/source",
    "/api/connections/{connection}/parameter_values",
    "/api/connections/{connection}/shared",
    "/api/models/{model}",
    "/api/models/{model}/sample",
    "/api/syncs/{sync}",
    "/api/syncs/{sync}/status",
    "/api/syncs/{sync}/executions",
    "/api/syncs/{sync}/executions/{execution}",
    "/api/syncs/{sync}/executions/{execution}/records",
    "/api/bulk/syncs/{bulk}",
    "/api/bulk/syncs/{bulk}/status",
    "/api/bulk/syncs/{bulk}/schemas",
    "/api/bulk/syncs/{bulk}/schedules",
    "/api/bulk/syncs/{bulk}/schedules/{schedule}",
    "/api/bulk/syncs/{bulk}/executions",
    "/api/bulk/syncs/{bulk}/executions/{bulk_execution}",
    "/api/queries/{query}",
    "/api/jobs/{job}",
    *(f"/api/entities/{{{kind}}}" for kind in ("connection", "model", "sync", "execution", "bulk")),
]

WRITES = [
    ("DELETE", "/api/connections/{connection}", None),
    ("PUT", "/api/connections/{connection}", {"name": "X", "configuration": {}}),
    ("DELETE", "/api/models/{model}", None),
    ("DELETE", "/api/syncs/{sync}", None),
    ("POST", "/api/syncs/{sync}/executions", {}),
    ("POST", "/api/syncs/{sync}/activate", {"active": False}),
    ("DELETE", "/api/bulk/syncs/{bulk}", None),
    ("POST", "/api/bulk/syncs/{bulk}/executions", {}),
    ("POST", "/api/connections/{connection}/query", {"query": "SELECT 1"}),
    ("POST", "/api/connections/{connection}/schemas/refresh", None),
]


async def test_an_organization_sees_no_objects_of_another(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, other: str
) -> None:
    ids = await furnish(http)

    for path in LISTS:
        own = await http.get(path)
        hers = await eve.get(path)
        named = await http.get(path, headers=basic(other))
        assert own.json().get("data"), (path, own.text)
        assert (hers.status_code, hers.json()["data"]) == (200, []), path
        assert named.json()["data"] == [], path
    for path in READS:
        own = await http.get(path.format_map(ids))
        hers = await eve.get(path.format_map(ids))
        named = await http.get(path.format_map(ids), headers=basic(other))
        assert (own.status_code, hers.status_code, named.status_code) == (200, 404, 404), path


@pytest.mark.parametrize("operation", [id_ for id_ in ROUTES if OWNED.match(id_)])
async def test_an_object_of_another_organization_cannot_be_read(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, operation: str
) -> None:
    ids = await furnish(http)
    for pattern, kind in NAMES:
        operation = re.sub(pattern, rf"\g<1>{ids[kind]}", operation)
    path = re.sub(r"\{\w+\}", "public.salesforce_contacts", operation.removeprefix("GET "))

    answer = await eve.get(path)

    assert (answer.status_code, answer.json()["key"]) == (404, "not_found"), answer.text


async def test_an_object_of_another_organization_cannot_be_changed(
    http: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    ids = await furnish(http)
    before = [(await http.get(path)).json()["data"] for path in LISTS[:4]]

    for method, path, body in WRITES:
        answer = await eve.request(method, path.format_map(ids), json=body)
        assert answer.status_code == 404, (method, path, answer.text)

    assert [(await http.get(path)).json()["data"] for path in LISTS[:4]] == before


async def test_two_organizations_can_have_the_same_objects(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, other: str
) -> None:
    first, second = await furnish(http), await furnish(eve, "hers")

    for path in LISTS[:4]:
        own, hers = [{each["id"] for each in (await who.get(path)).json()["data"]} for who in (http, eve)]
        assert own
        assert hers
        assert own.isdisjoint(hers)
    for path in READS:
        assert (await eve.get(path.format_map(second))).status_code == 200, path
        assert (await http.get(path.format_map(second))).status_code == 404, path
    events = (await eve.get("/api/events")).json()["data"]
    assert {event["organization_id"] for event in events} == {other}
    assert {event["organization_id"] for event in (await http.get("/api/events")).json()["data"]} == {
        ORGANIZATION_ID
    }
    assert (await eve.get(f"/api/models/{second['model']}")).json()["data"]["organization_id"] == other
    assert first.keys() == second.keys()


async def test_an_organizations_objects_use_its_own_connections(
    http: httpx.AsyncClient, eve: httpx.AsyncClient
) -> None:
    ids = await furnish(http)
    body = {"name": "M", "connection_id": ids["connection"], "configuration": {"query": "SELECT 1 AS a"}}

    answer = await eve.post("/api/models", json=body)
    tested = await eve.post(
        "/api/connections/test",
        json={"type": "snowflake", "configuration": {}, "connection_id": ids["connection"]},
    )
    synced = await eve.post(
        "/api/syncs",
        json={
            "name": "S",
            "mode": "updateOrCreate",
            "fields": [],
            "schedule": {"frequency": "manual"},
            "identity": {"source": {"field": "contact_id", "model_id": ids["model"]}, "target": "Id"},
            "target": {"connection_id": ids["connection"], "object": "public.accounts"},
        },
    )

    assert [each.status_code in {404, 422} for each in (answer, tested, synced)] == [True] * 3
    assert [(await eve.get(path)).json()["data"] for path in LISTS[:4]] == [[]] * 4


async def test_a_partner_creates_an_object_in_the_organization_it_names(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, other: str
) -> None:
    body = {"name": "C", "type": "stripe", "configuration": {"api_key": "k"}}

    there = await made(http, "/api/connections", **body, organization_id=other)
    refused = await eve.post("/api/connections", json=body | {"organization_id": ORGANIZATION_ID})
    unknown = await http.post("/api/connections", json=body | {"organization_id": "none"})

    assert there["organization_id"] == other
    assert [each["id"] for each in (await eve.get("/api/connections")).json()["data"]] == [there["id"]]
    assert (await http.get("/api/connections")).json()["data"] == []
    assert [refused.status_code, unknown.status_code] == [403, 404]


async def test_an_organization_is_deleted_with_all_its_objects(
    http: httpx.AsyncClient, eve: httpx.AsyncClient, sandbox: Starlette, other: str
) -> None:
    await furnish(eve)
    sandbox.state.workspace.settle(60)

    gone = await http.delete(f"/api/organizations/{other}")

    kinds = ("connection", "model", "sync", "bulk_sync", "execution", "bulk_execution")
    assert gone.status_code == 204
    assert [sandbox.state.workspace.store.list(kind) for kind in kinds] == [[]] * len(kinds)


async def test_an_idempotency_key_belongs_to_one_organization(http: httpx.AsyncClient, other: str) -> None:
    headers = {"Idempotency-Key": "one-key-for-two"}
    body = {"name": "C", "type": "stripe", "configuration": {"api_key": "k"}}
    await http.post("/api/connections", json=body, headers=headers)

    answer = await http.post("/api/connections", json=body, headers=headers | basic(other))

    assert (answer.status_code, answer.json()["key"]) == (422, "idempotency_key_reused")


def test_objects_of_an_earlier_sandbox_belong_to_the_first_organization(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    create_sandbox(state=state).state.workspace.close()
    with sqlite3.connect(state) as old:
        old.execute("DROP INDEX documents_by_owner")
        old.execute("ALTER TABLE documents DROP COLUMN owner")
        old.execute("INSERT INTO documents (kind, id, body) VALUES ('model', 'm', '{\"id\": \"m\"}')")
    old.close()

    workspace = create_sandbox(state=state).state.workspace
    found = [workspace.within(id_).store.get("model", "m") for id_ in (ORGANIZATION_ID, "other")]
    owner = workspace.store.owner("model", "m")
    workspace.close()

    assert found == [{"id": "m"}, None]
    assert owner == ORGANIZATION_ID
