"""The connections of a Harbor's credential: the Harbor's store and its schemas."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.calls.pagination import page
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.schemas import schemas

_CAPABILITIES: Final = ("query", "schemas")


def list_all(call: Call) -> JsonObject:
    """List the connections of the credential: only the Harbor's store."""
    id_ = harbors.require_own(call)["backing_connection_id"]
    connection = call.workspace.find("connection", id_)
    shown: JsonObject = {
        "id": connection["id"],
        "name": connection["name"],
        "type": connection["type"]["id"],
        "capabilities": list(_CAPABILITIES),
    }
    return _page(call, [shown])


def list_schemas(call: Call) -> JsonObject:
    """List the schemas of the Harbor's store."""
    tables = call.workspace.tables.list(system_of(_connection(call)))
    shown = map(schemas.as_schema, tables)
    found: list[JsonObject] = [{"id": table.name, "name": table.label} for table in shown]
    return _page(call, found) | {"supports_namespaces": True}


def get_schema(call: Call) -> JsonObject:
    """Return one schema with its fields and their types."""
    connection = _connection(call)
    table = schemas.find_table(call.workspace, connection, call.arguments["schema_id"])
    return {"data": schemas.describe(call.workspace, connection, table)}


def _connection(call: Call) -> JsonObject:
    id_: str = call.arguments["connection_id"]
    if harbors.require_own(call)["backing_connection_id"] != id_:
        raise not_found("connection", id_)
    return call.workspace.find("connection", id_)


def _page(call: Call, items: list[JsonObject]) -> JsonObject:
    shown, pagination = page(call, items, lambda item: (item["id"],), ascending=True)
    return {"data": shown, "pagination": pagination}


ROUTES: Final[Routes] = {
    "GET /api/harbor/connections": list_all,
    "GET /api/harbor/connections/{connection_id}/schemas": list_schemas,
    "GET /api/harbor/connections/{connection_id}/schemas/{schema_id}": get_schema,
}
