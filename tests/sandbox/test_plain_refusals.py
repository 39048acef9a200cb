"""Clear refusals of what the sandbox does not support, and of systems that are down."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Connect

MODEL = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("type_", "configuration", "path"),
    [
        ("auth0", {"domain": "acme", "client_id": "c", "client_secret": "s"}, "bulksync/source"),
        ("auth0", {"domain": "acme", "client_id": "c", "client_secret": "s"}, "schemas/users"),
        ("apollo", {"apikey": "k"}, "modelsync/target/fields?target=users"),
        ("apollo", {"apikey": "k"}, "modelsync/targetobjects/properties/name"),
        ("apollo", {"apikey": "k"}, "modelsync/source"),
        ("apollo", {"apikey": "k"}, "modelsync/source/fields"),
    ],
)
async def test_a_type_without_data_says_so(
    http: httpx.AsyncClient, type_: str, configuration: dict[str, Any], path: str
) -> None:
    body = {"name": "Empty", "type": type_, "configuration": configuration}
    created = await http.post("/api/connections", json=body)
    address = f"/api/connections/{created.json()['data']['id']}"
    await http.get(f"{address}/schemas/status")

    answer = await http.get(f"{address}/{path}")

    assert answer.is_client_error
    assert f"Connections of type {type_} hold no data in the sandbox" in answer.json()["message"]


async def test_a_sync_that_encrypts_is_stored_and_cannot_start(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    warehouse = (await connect("snowflake"))["id"]
    model = {"name": "M", "connection_id": warehouse, "configuration": {"table": "public.users"}}
    model_id = (await http.post("/api/models", json=model)).json()["data"]["id"]
    source = {"model_id": model_id, "field": "email"}
    body = {
        "name": "S",
        "mode": "append",
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": warehouse, "object": "public.users"},
        "fields": [{"source": source, "target": "email", "encryption_enabled": True}],
        "encryption_passphrase": "hunter2",
    }

    made = await http.post("/api/syncs", json=body)
    id_ = made.json()["data"]["id"]
    read = await http.get(f"/api/syncs/{id_}")
    started = await http.post(f"/api/syncs/{id_}/executions", json={})

    assert made.json()["data"]["fields"] == read.json()["data"]["fields"] == body["fields"]
    assert "hunter2" not in made.text + read.text
    assert started.status_code == 422
    assert [(each["code"], each["path"]) for each in started.json()["metadata"]["problems"]] == [
        ("encryption_not_emulated", "fields[0].encryption_enabled")
    ]


async def test_an_enricher_is_refused_with_its_type(http: httpx.AsyncClient, connect: Connect) -> None:
    id_ = (await connect("hubspot"))["id"]
    body = {"name": "M", "connection_id": id_, "configuration": {}, "enricher": {"connection_id": id_}}

    answer = await http.post("/api/models", json=body)

    assert answer.status_code == 422
    assert "enrichment by hubspot" in answer.json()["message"]


async def test_the_proxy_and_the_fields_of_an_unreachable_system_are_refused(
    sandbox: Starlette, http: httpx.AsyncClient, connect: Connect
) -> None:
    path = f"/api/connections/{(await connect('salesforce'))['id']}"
    await http.put(f"{path}/proxy/settings", json={"enabled": True})
    sandbox.state.faults.add("outage=salesforce")

    proxied = await http.post(f"{path}/proxy", json={"request": {"method": "GET", "path": "/"}})
    written = await http.post(f"{path}/schemas/Contact/fields", json={"fields": []})

    assert (proxied.status_code, written.status_code) == (502, 422)
    assert "it is down" in proxied.json()["message"]
