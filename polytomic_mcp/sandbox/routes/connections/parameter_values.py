"""What a configuration's fields may be set to, as the other end would list it."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType, load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import described
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent

_SAMPLES: Final = ("Acme", "Acme Europe", "Acme Labs")
"""What a field lists whose values no file describes: accounts, workspaces, spreadsheets."""


def of_connection(call: Call) -> JsonObject:
    """Answer with the values of every field that a connection's type can list."""
    connection = call.workspace.find("connection", call.arguments["id"])
    type_ = load_connection_types()[connection["type"]["id"]]
    _require_healthy(call, connection)
    return {"data": {name: _listing(type_, name) for name in _listable(type_)}}


def of_type(call: Call) -> JsonObject:
    """Answer with one field's values, before there is a connection or through one."""
    type_ = load_connection_types().find(call.arguments["type"])
    name = call.arguments["field"]
    if name not in _listable(type_):
        listed = ", ".join(_listable(type_)) or "none"
        raise RefusalError(
            400, f"{call.operation}: {type_.id} lists no values for that field; it does for: {listed}."
        )
    if "connection_id" in call.arguments:
        _require_healthy(call, call.workspace.find("connection", call.arguments["connection_id"]))
    elif needs_consent(type_, call.arguments.get("parameters", {})):
        raise RefusalError(
            400,
            f"{call.operation}: {type_.id} needs a sign-in; create the connection and pass connection_id.",
        )
    return {"data": {name: _listing(type_, name, call.arguments.get("query", ""))}}


def _require_healthy(call: Call, connection: JsonObject) -> None:
    if connection["status"] != "healthy":
        raise RefusalError(
            400, f"{call.operation}: the connection is {connection['status']}; sign in or repair it first."
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
    """Return what the system's file says, or else the field's choices, or samples."""
    if given := described(type_.id).parameters.get(name):
        return [dict(each) for each in given]
    if choices := type_.fields[name].get("enum"):
        return [{"value": choice, "label": str(choice)} for choice in choices]
    return [{"value": label.lower().replace(" ", "-"), "label": label} for label in _SAMPLES]


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/parameter_values": of_connection,
    "POST /api/connection_types/{type}/parameter_values": of_type,
}
