"""The schemas of a connection: their cache, their fields, and what users change in them."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.resources.models.models import require_healthy
from polytomic_mcp.sandbox.resources.schemas import schema_cache, schemas

_SCHEMA: Final = "/api/connections/{connection_id}/schemas/{schema_id}"


def get_status(call: Call) -> JsonObject:
    """Return the status of the cache."""
    connection = call.workspace.find("connection", call.arguments["id"])
    return {"data": schema_cache.observe(call.workspace, connection["id"])}


def refresh(call: Call) -> Answer:
    """Start a refresh. The ``Location`` header has the path of its status."""
    connection = call.workspace.find("connection", call.arguments["id"])
    if connection["status"] != "healthy":
        raise RefusalError(
            422,
            f"{call.operation}: the connection is {connection['status']}. It must be healthy to be read.",
            key="connection_unhealthy",
        )
    call.workspace.faults.require_up(connection)
    schema_cache.start(call.workspace, connection["id"])
    return Answer(headers={"Location": f"/api/connections/{connection['id']}/schemas/status"})


def get(call: Call) -> JsonObject:
    """Return one schema: its fields, types and primary key."""
    connection, table = _find_read_table(call)
    return {"data": schemas.describe(call.workspace, connection, table)}


def get_records(call: Call) -> JsonObject:
    """Return a few rows of one schema."""
    connection, table = _find_read_table(call)
    return {"data": schemas.sample(call.workspace, connection, table)}


def upsert_fields(call: Call) -> Answer:
    """Add or replace user-managed fields."""
    connection, table = _find_written_table(call)
    schemas.upsert_fields(call.workspace, connection, table, call.arguments.get("fields", []))
    return Answer()


def patch_field(call: Call) -> JsonObject:
    """Update parts of one field, and return the whole field."""
    connection, table = _find_written_table(call)
    field_id = call.arguments["field_id"]
    return {"data": schemas.patch_field(call.workspace, connection, table, field_id, call.arguments)}


def delete_field(call: Call) -> Answer:
    """Delete one user-managed field."""
    connection, table = _find_written_table(call)
    schemas.delete_field(call.workspace, connection, table, call.arguments["field_id"])
    return Answer(status=204)


def set_primary_keys(call: Call) -> Answer:
    """Replace the overrides of the primary key."""
    connection, table = _find_written_table(call)
    schemas.override_keys(call.workspace, connection, table, call.arguments.get("fields", []))
    return Answer()


def reset_primary_keys(call: Call) -> Answer:
    """Remove the overrides of the primary key."""
    connection, table = _find_written_table(call)
    schemas.override_keys(call.workspace, connection, table, [])
    return Answer(status=204)


def _find_read_table(call: Call) -> tuple[JsonObject, Table]:
    connection = require_healthy(call.workspace, call.arguments["id"])
    schema_cache.observe(call.workspace, connection["id"])
    return connection, schemas.find_table(call.workspace, connection, call.arguments["schema_id"])


def _find_written_table(call: Call) -> tuple[JsonObject, Table]:
    connection = call.workspace.find("connection", call.arguments["connection_id"])
    call.workspace.faults.require_up(connection)
    return connection, schemas.find_table(call.workspace, connection, call.arguments["schema_id"])


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/schemas/status": get_status,
    "POST /api/connections/{id}/schemas/refresh": refresh,
    "GET /api/connections/{id}/schemas/{schema_id}": get,
    "GET /api/connections/{id}/schemas/{schema_id}/records": get_records,
    f"POST {_SCHEMA}/fields": upsert_fields,
    f"PATCH {_SCHEMA}/fields/{{field_id}}": patch_field,
    f"DELETE {_SCHEMA}/fields/{{field_id}}": delete_field,
    f"PUT {_SCHEMA}/primary_keys": set_primary_keys,
    f"DELETE {_SCHEMA}/primary_keys": reset_primary_keys,
}
