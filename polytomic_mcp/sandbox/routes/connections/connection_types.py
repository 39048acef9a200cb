"""Connection types: their configuration schemas, and the values that configuration fields accept."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType, load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import described
from polytomic_mcp.sandbox.resources.connections.connections import HEALTHY, KIND
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent

_SAMPLES: Final = ("Acme", "Acme Europe", "Acme Labs")
"""Values of fields for which no system's file has any: accounts, workspaces, spreadsheets."""


def list_all(call: Call) -> JsonObject:
    """List every connection type."""
    del call
    return {"data": [type_.entry() for type_ in load_connection_types().values()]}


def get_schema(call: Call) -> JsonObject:
    """Return a type's schema, without the ``data`` envelope that every other response has."""
    return load_connection_types().find(call.arguments["id"]).json_schema()


def list_connection_values(call: Call) -> JsonObject:
    """List the values of every configuration field of a connection that can list them."""
    connection = call.workspace.find(KIND, call.arguments["id"])
    type_ = load_connection_types()[connection["type"]["id"]]
    _require_healthy(call, connection)
    return {"data": {name: _listing(type_, name) for name in _listable(type_)}}


def list_type_values(call: Call) -> JsonObject:
    """List the values of one configuration field, for a connection or before there is one."""
    type_ = load_connection_types().find(call.arguments["type"])
    name = call.arguments["field"]
    if name not in _listable(type_):
        field = unknown(f"field of {type_.id} that lists values", name, _listable(type_))
        raise RefusalError(400, f"{call.operation}: {field}")
    if "connection_id" in call.arguments:
        _require_healthy(call, call.workspace.find(KIND, call.arguments["connection_id"]))
    elif needs_consent(type_, call.arguments.get("parameters", {})):
        raise RefusalError(
            400,
            f"{call.operation}: {type_.id} needs a sign-in; create a connection and pass its connection_id.",
        )
    return {"data": {name: _listing(type_, name, call.arguments.get("query", ""))}}


def _require_healthy(call: Call, connection: JsonObject) -> None:
    if connection["status"] != HEALTHY:
        raise RefusalError(
            400,
            f"{call.operation}: the connection is {connection['status']}; "
            "sign in or correct its configuration first.",
        )
    call.workspace.faults.require_up(connection)


def _listable(type_: ConnectionType) -> list[str]:
    return [name for name, schema in type_.fields.items() if schema.get("completions") or "enum" in schema]


def _listing(type_: ConnectionType, name: str, query: str = "") -> JsonObject:
    return {
        "allows_creation": False,
        "values": [each for each in _values(type_, name) if query.casefold() in each["label"].casefold()],
    }


def _values(type_: ConnectionType, name: str) -> list[JsonObject]:
    """Return the values in the system's file, or else the field's choices, or samples."""
    if parameters := described(type_.id).parameters.get(name):
        return [dict(each) for each in parameters]
    if choices := type_.fields[name].get("enum"):
        return [{"value": choice, "label": str(choice)} for choice in choices]
    return [{"value": label.lower().replace(" ", "-"), "label": label} for label in _SAMPLES]


ROUTES: Final[Routes] = {
    "GET /api/connection_types": list_all,
    "GET /api/connection_types/{id}": get_schema,
    "GET /api/connections/{id}/parameter_values": list_connection_values,
    "POST /api/connection_types/{type}/parameter_values": list_type_values,
}
