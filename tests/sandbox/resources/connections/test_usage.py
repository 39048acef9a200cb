"""A connection's usage and its ingest console."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Clock, Connect


@pytest.fixture
async def bulk(http: httpx.AsyncClient, sandbox: Starlette, connect: Connect) -> dict[str, Any]:
    """Return a bulk sync from Salesforce to Snowflake that ran once."""
    source, target = await connect("salesforce"), await connect("snowflake")
    await http.get(f"/api/connections/{source['id']}/schemas/status")
    body = {
        "name": "Copy",
        "source_connection_id": source["id"],
        "destination_connection_id": target["id"],
        "destination_configuration": {"schema": "crm"},
        "default_schedule": {"frequency": "manual"},
        "schemas": ["Contact"],
    }
    made = await http.post("/api/bulk/syncs", json=body)
    assert made.status_code == 200, made.text
    started = await http.post(f"/api/bulk/syncs/{made.json()['data']['id']}/executions", json={})
    assert started.status_code == 200, started.text
    sandbox.state.workspace.workers.shutdown(wait=True)
    sync: dict[str, Any] = made.json()["data"]
    return sync


async def usage(http: httpx.AsyncClient, id_: str) -> dict[str, Any]:
    data: dict[str, Any] = (await http.get(f"/api/connections/{id_}/usage")).json()["data"]
    return data


async def test_an_unused_connection_has_no_calls(http: httpx.AsyncClient, connect: Connect) -> None:
    id_ = (await connect("snowflake"))["id"]

    assert await usage(http, id_) == {
        "connectionId": id_, "callsLast24h": 0, "reportsSyncStats": True, "bySync": [],
    }  # fmt: skip


async def test_a_query_counts_as_a_call_for_24_hours(
    http: httpx.AsyncClient, connect: Connect, clock: Clock
) -> None:
    id_ = (await connect("snowflake"))["id"]
    await http.post(f"/api/connections/{id_}/query", json={"query": "SELECT 1 AS n"})

    assert (await usage(http, id_))["callsLast24h"] == 1
    clock.advance(hours=25)
    assert (await usage(http, id_))["callsLast24h"] == 0


async def test_a_bulk_run_counts_reads_at_its_source_and_writes_at_its_destination(
    http: httpx.AsyncClient, bulk: dict[str, Any], clock: Clock
) -> None:
    read = await usage(http, bulk["source_connection_id"])
    written = await usage(http, bulk["destination_connection_id"])
    clock.advance(hours=25)

    (entry,) = read["bySync"]
    assert (entry["syncId"], entry["syncName"], entry["syncType"]) == (bulk["id"], "Copy", "bulk")
    assert [each["key"] for each in entry["categories"]] == ["read"]
    assert read["callsLast24h"] == entry["totalCalls"] >= 1
    assert [each["key"] for each in written["bySync"][0]["categories"]] == ["write"]
    assert (await usage(http, bulk["source_connection_id"]))["bySync"] == []


async def test_a_sync_counts_reads_at_its_models_connection(
    http: httpx.AsyncClient, sandbox: Starlette, connect: Connect
) -> None:
    source, target, other = await connect("snowflake"), await connect("gong"), await connect("hubspot")
    query = "SELECT contact_id FROM salesforce_contacts"
    body = {"name": "M", "connection_id": source["id"], "configuration": {"query": query}}
    model = (await http.post("/api/models", json=body)).json()["data"]
    objects = (await http.get(f"/api/connections/{target['id']}/modelsync/targetobjects")).json()["data"]
    field = {"model_id": model["id"], "field": "contact_id"}
    sync = await http.post(
        "/api/syncs",
        json={
            "name": "S",
            "mode": "updateOrCreate",
            "schedule": {"frequency": "manual"},
            "target": {"connection_id": target["id"], "object": objects[0]["id"]},
            "fields": [],
            "identity": {"source": field, "target": "Id", "function": "Equality"},
        },
    )
    assert sync.status_code == 200, sync.text
    await http.post(f"/api/syncs/{sync.json()['data']['id']}/executions", json={})
    sandbox.state.workspace.workers.shutdown(wait=True)

    read, written = await usage(http, source["id"]), await usage(http, target["id"])

    assert (read["bySync"][0]["syncType"], read["callsLast24h"]) == ("model", 1)
    assert [each["key"] for each in written["bySync"][0]["categories"]] == ["write"]
    assert (await usage(http, other["id"]))["bySync"] == []


async def test_the_ingest_console_lists_messages_of_runs_that_read_from_the_connection(
    http: httpx.AsyncClient, bulk: dict[str, Any]
) -> None:
    path = f"/api/connections/{bulk['source_connection_id']}/ingest/consolelog"

    whole = (await http.get(path)).json()["data"]
    of_sync = (await http.get(path, params={"sync_id": bulk["id"]})).json()["data"]
    latest = (await http.get(path, params={"sync_id": bulk["id"], "limit": 1})).json()["data"]
    first = whole["entries"][0]["id"]
    rest = (await http.get(path, params={"after": first})).json()["data"]
    other = f"/api/connections/{bulk['destination_connection_id']}/ingest/consolelog"

    assert of_sync == whole
    assert latest["entries"] == whole["entries"][-1:] != []
    assert rest["entries"] == whole["entries"][1:]
    assert (await http.get(other)).json()["data"]["entries"] == []
    assert (await http.get(path, params={"sync_id": "nope"})).status_code == 404


async def test_a_bulk_sync_of_other_connections_is_not_counted(
    http: httpx.AsyncClient, bulk: dict[str, Any], connect: Connect
) -> None:
    other = await connect("gong")

    assert bulk["id"]
    assert (await usage(http, other["id"]))["bySync"] == []
