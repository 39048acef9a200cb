"""A scripted Polytomic with a bulk sync from HubSpot to a PostgreSQL database."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.conftest import ScriptedApi

HUBSPOT = "11111111-0000-0000-0000-000000000011"
POSTGRES = "11111111-0000-0000-0000-000000000012"
BULK = "55555555-0000-0000-0000-000000000001"
RUN = "66666666-0000-0000-0000-000000000001"
BULK_PATH = f"/api/bulk/syncs/{BULK}"
DAILY = {"frequency": "daily", "hour": "05", "minute": "00"}
NAMED = {
    "name": "Copy",
    "source_connection_id": "HubSpot",
    "destination_connection_id": "PostgreSQL",
    "destination_configuration": {"schema": "hubspot"},
}

RunStates = Callable[..., None]


def stored_schemas() -> list[dict[str, Any]]:
    """The schemas of the stored bulk sync, each with its fields and filters."""
    email = {"id": "email", "enabled": True, "obfuscated": False, "output_name": "email"}
    phone = {"id": "phone", "enabled": False, "obfuscated": None, "output_name": "phone"}
    condition = {"field_id": "email", "function": "IsNotNull"}
    return [
        {
            "id": "contacts",
            "enabled": True,
            "output_name": "people",
            "fields": [email, phone],
            "filters": [condition],
            "tracking_field": None,
        },
        {"id": "companies", "enabled": True, "output_name": "companies", "fields": [{"id": "domain"}]},
        {"id": "deals", "enabled": False, "output_name": "deals", "fields": []},
    ]


def stored_bulk_sync() -> dict[str, Any]:
    """The bulk sync as 2025-09-18 answers it."""
    return {
        "id": BULK,
        "name": "HubSpot to PostgreSQL",
        "mode": "replicate",
        "active": False,
        "source_connection_id": HUBSPOT,
        "source_configuration": None,
        "destination_connection_id": POSTGRES,
        "destination_configuration": {"schema": "hubspot", "suffix": "x"},
        "default_schedule": {"id": "d", **DAILY, "month": None, "updated_at": "2026-01-01T00:00:00Z"},
        "additional_schedules": [{"id": "a", "frequency": "hourly", "minute": "15", "schemas": ["contacts"]}],
        "automatically_add_new_fields": "all",
        "automatically_add_new_objects": "none",
        "normalize_names": "enabled",
        "data_cutoff_timestamp": None,
        "concurrency_limit": 3,
        "policies": [],
        "updated_at": "2026-01-01T00:00:00Z",
    }


@pytest.fixture
def bulk(company: ScriptedApi) -> ScriptedApi:
    """The company with a HubSpot, a PostgreSQL, and a bulk sync between them."""
    connections = [
        {"id": HUBSPOT, "name": "HubSpot", "type": {"id": "hubspot"}, "status": "healthy"},
        {"id": POSTGRES, "name": "PostgreSQL", "type": {"id": "postgresql"}, "status": "healthy"},
    ]
    company.holds("connections", *company.answers["GET /api/connections"]["data"], *connections)
    company[f"GET /api/connections/{HUBSPOT}/bulksync/source"] = {"data": source()}
    company[f"GET /api/connections/{POSTGRES}/bulksync/target"] = {"data": destination()}
    fields = [
        {"id": "email", "name": "Email", "type": "string", "is_primary_key": True, "remote_type": "text"}
    ]
    fields += [{"id": "phone", "name": "Phone number", "type": "string", "remote_type": "text"}]
    fields += [{"id": "changed_at", "name": "Changed at", "type": "datetime", "remote_type": "timestamp"}]
    contacts = {"id": "contacts", "name": "Contacts", "fields": fields}
    company[f"GET /api/connections/{HUBSPOT}/schemas/contacts"] = {"data": contacts}
    company.echoes("POST /api/bulk/syncs", id=BULK)
    hold(company, stored_bulk_sync(), stored_schemas())
    return company


@pytest.fixture
def run_schemas() -> list[dict[str, Any]]:
    """The schemas of a running execution: one has completed, one has failed."""
    return [
        {
            "schema": "contacts",
            "output_name": "people",
            "status": "completed",
            "record_count": 40,
            "version": "1",
        },
        {"schema": "deals", "status": "failed", "error_count": 2, "status_message": "no such column"},
        {"schema": "companies", "status": "running", "record_count": 7},
    ]


@pytest.fixture
def run_states(bulk: ScriptedApi) -> RunStates:
    """Serve one execution of the bulk sync in the given states, one per request; the last one repeats."""

    def serve(*states: dict[str, Any]) -> None:
        left = list(states)
        bulk[f"POST {BULK_PATH}/executions"] = {"data": {"id": RUN, "status": "created"}}
        bulk[f"GET {BULK_PATH}/executions/{RUN}"] = lambda _: {
            "data": {"id": RUN} | (left.pop(0) if len(left) > 1 else left[0])
        }
        last = {"current_execution": None, "last_execution": {"id": RUN}}
        bulk[f"GET {BULK_PATH}/status"] = {"data": last}

    return serve


def hold(api: ScriptedApi, stored: dict[str, Any], schemas: list[dict[str, Any]]) -> None:
    """Store a bulk sync with its schemas; a write is answered with the stored object merged with it."""
    api.holds("bulk/syncs", stored)
    api[f"PUT {BULK_PATH}"] = lambda request: {"data": stored | json.loads(request.content)}
    listed = [
        {name: part for name, part in item.items() if name not in ("fields", "filters")} for item in schemas
    ]
    api[f"GET {BULK_PATH}/schemas"] = {"data": listed}
    for item in schemas:
        api[f"GET {BULK_PATH}/schemas/{item['id']}"] = {"data": item}
    by_id = {item["id"]: item for item in schemas}
    api[f"PATCH {BULK_PATH}/schemas"] = lambda request: {
        "data": [by_id[part["id"]] | part for part in json.loads(request.content)["schemas"]]
    }


def source() -> dict[str, Any]:
    """The schemas that HubSpot offers."""
    names = {"contacts": "Contacts", "companies": "Companies", "deals": "Deals"}
    return {
        "schemas": [{"id": id_, "name": name} for id_, name in names.items()],
        "configuration": {"type": "object", "properties": {"replication_slot": {"type": "string"}}},
    }


def destination() -> dict[str, Any]:
    """What a PostgreSQL destination supports."""
    return {
        "configuration": {
            "type": "object",
            "properties": {
                "schema": {"type": "string", "title": "Output schema"},
                "suffix": {"type": "string"},
                "format": {"type": "string", "enum": [{"value": "wide", "label": "Wide"}, "long"]},
                "limit": {"type": "integer"},
                "flags": {},
            },
            "required": ["schema"],
        },
        "modes": [{"id": "replicate", "label": "Replicate"}, {"id": "snapshot"}],
    }
