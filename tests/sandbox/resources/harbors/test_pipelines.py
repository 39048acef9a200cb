"""How fresh a Harbor's data is, and what its sources are called in its store."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.resources.harbors import pipelines
from tests.sandbox.conftest import Connect


@pytest.fixture
async def copied(
    http: httpx.AsyncClient, sandbox: Starlette, connect: Connect, harbor: dict[str, Any]
) -> dict[str, Any]:
    """Return a bulk sync from Salesforce into the Harbor's store that ran once."""
    source = await connect("salesforce")
    for id_ in (source["id"], harbor["backing_connection_id"]):
        await http.get(f"/api/connections/{id_}/schemas/status")
    body = {
        "name": "Fill",
        "active": True,
        "source_connection_id": source["id"],
        "destination_connection_id": harbor["backing_connection_id"],
        "destination_configuration": {"schema": "crm"},
        "default_schedule": {"frequency": "daily", "hour": "3", "minute": "0"},
        "schemas": ["Contact"],
    }
    created = await http.post("/api/bulk/syncs", json=body)
    assert created.status_code == 200, created.text
    sync: dict[str, Any] = created.json()["data"]
    started = await http.post(f"/api/bulk/syncs/{sync['id']}/executions", json={})
    assert started.status_code == 200, started.text
    sandbox.state.workspace.workers.shutdown(wait=True)
    return sync


async def test_the_status_lists_the_pipelines_with_their_last_success(
    http: httpx.AsyncClient, path: str, copied: dict[str, Any]
) -> None:
    status = (await http.get(f"{path}/status")).json()["data"]

    (pipeline,) = status["pipelines"]
    ((name, dataset),) = pipeline["datasets"].items()
    assert (pipeline["id"], pipeline["type"]) == (copied["id"], "bulk")
    assert pipeline["schedules"][0]["frequency"] == "daily"
    assert name.lower() == "crm.contact"
    assert dataset == {"latest_status": "completed", "last_success_at": "2026-01-15T09:00:00Z"}


async def test_a_model_sync_is_a_pipeline_too(
    http: httpx.AsyncClient, sandbox: Starlette, path: str, harbor: dict[str, Any]
) -> None:
    schedule = {"frequency": "manual"}
    target = {"connection_id": harbor["backing_connection_id"], "object": "public.t"}
    sync = {"id": "s", "name": "S", "active": False, "schedule": schedule, "target": target}
    sandbox.state.workspace.store.put("sync", "s", sync)
    run = {"id": "e", "_sync_id": "s", "status": "failed", "started_at": "2026-01-15T09:00:00Z"}
    sandbox.state.workspace.store.put("execution", "e", run)

    (pipeline,) = (await http.get(f"{path}/status")).json()["data"]["pipelines"]

    assert pipeline == {
        "id": "s",
        "type": "model",
        "refresh_enabled": False,
        "schedules": [schedule],
        "datasets": {"public.t": {"latest_status": "failed"}},
    }


async def test_a_source_is_resolved_to_its_table_and_columns(
    http: httpx.AsyncClient, path: str, copied: dict[str, Any]
) -> None:
    source = {"connection_id": copied["source_connection_id"], "schema_id": "Contact"}
    sources = [source | {"fields": ["Id", "Nothing"]}, source, source | {"schema_id": "Account"}]

    answer = await http.post(f"{path}/source-mappings/resolve", json={"sources": sources})

    first, second, third = answer.json()["data"]["sources"]
    assert (first["status"], second["status"], third["status"]) == ("resolved", "resolved", "unresolved")
    assert first["destination_schema_id"].lower().endswith("contact")
    assert list(first["fields"]) == ["Id"]
    assert (second["fields"], third["destination_schema_id"]) == ({}, "")


async def test_a_source_with_two_tables_is_ambiguous(
    http: httpx.AsyncClient, sandbox: Starlette, path: str, copied: dict[str, Any]
) -> None:
    store = sandbox.state.workspace.store
    (run,) = store.list("bulk_execution")
    schemas = [run["schemas"][0] | {"output_name": "elsewhere"}]
    store.put("bulk_execution", "x", run | {"id": "x", "schemas": schemas})
    source = {"connection_id": copied["source_connection_id"], "schema_id": "Contact"}

    answer = await http.post(f"{path}/source-mappings/resolve", json={"sources": [source]})

    assert answer.json()["data"]["sources"][0]["status"] == "ambiguous"


async def test_too_many_sources_are_refused(http: httpx.AsyncClient, path: str) -> None:
    source = {"connection_id": "c", "schema_id": "s"}
    many = [source] * (pipelines.MOST_SOURCES + 1)
    wide = [source | {"fields": ["f"] * (pipelines.MOST_FIELDS + 1)}]

    for sources in (many, wide):
        answer = await http.post(f"{path}/source-mappings/resolve", json={"sources": sources})
        assert answer.status_code == 422
