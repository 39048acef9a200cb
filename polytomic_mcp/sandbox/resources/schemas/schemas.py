"""The schemas of a connection: its tables' fields, with the fields and overrides that users added.

User-managed fields and overrides belong to one connection. They do not change its tables, which other
connections of the same type share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import quoted, unknown, valid_values
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import described, holds_nothing, system_of
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "schema_overrides"

SAMPLE: Final = 10
"""How many rows a sample has; a guess, since the API documents no number."""

TYPES: Final = ("unknown", "string", "number", "boolean", "datetime", "array", "object", "binary")

_RESPONSE_NAMES: Final[Mapping[str, str]] = {
    "label": "name",
    "type": "type",
    "path": "path",
    "definition": "type_spec",
}
"""The parts of a field: their names in a request, and in a response. ``example`` is in none."""


def find_table(workspace: Workspace, connection: JsonObject, schema_id: str) -> Table:
    """Return the table with a schema's ID, ignoring case.

    Raises:
        RefusalError: 404 if it does not exist.
    """
    system = system_of(connection)
    table = workspace.tables.get(system, schema_id)
    if table is None:
        names = [as_schema(each).name for each in workspace.tables.list(system)]
        reason = holds_nothing(system)
        hint = f" {reason}" if reason else valid_values(schema_id, names)
        message = f"Connection {connection['name']} has no schema {quoted(schema_id)}.{hint}"
        raise RefusalError(404, message, key="not_found")
    return as_schema(table)


def as_schema(table: Table) -> Table:
    """Return the table under the id that it has as a schema: HubSpot's target ``contacts`` is ``Contact``."""
    id_ = described(table.system).schema_id(table.name)
    return table if id_ == table.name else replace(table, name=id_, source=table.rows_id)


def describe(workspace: Workspace, connection: JsonObject, table: Table) -> JsonObject:
    """Return the schema as the API shows it."""
    fields = _fields(table, _overrides(workspace, connection, table))
    return {"id": table.name, "name": table.label, "fields": list(fields.values())}


def sample(workspace: Workspace, connection: JsonObject, table: Table) -> list[Row]:
    """Return the first rows; a user-managed field has the value at its path, or null (a guess)."""
    added = [field for field in describe(workspace, connection, table)["fields"] if field["user_managed"]]
    rows = islice(workspace.tables.rows(table), SAMPLE)
    return [row | {field["id"]: follow(row, field["path"] or field["id"]) for field in added} for row in rows]


def follow(row: Row, path: str) -> Any:
    """Return the value at a path of names, joined by dots, in a row; None if it does not exist."""
    value: Any = row
    for name in path.split("."):
        value = as_object(value).get(name)
    return value


def upsert_fields(
    workspace: Workspace, connection: JsonObject, table: Table, requests: Sequence[Mapping[str, Any]]
) -> None:
    """Add or replace user-managed fields by ID.

    Raises:
        RefusalError: 400 if a field was detected (a guess), has no ID or an unknown type.
    """
    overrides = _overrides(workspace, connection, table)
    for request in requests:
        id_: str = request["field_id"]
        if not id_.strip():
            raise _bad_request("field_id must not be empty.")
        if table.column(id_) is not None:
            raise _bad_request(
                f"Field {id_} was detected in {table.name} and cannot be replaced. PATCH it instead."
            )
        field = {"path": None, "type_spec": request["type"]} | _response_parts(request)
        overrides["fields"][id_.casefold()] = {"id": id_, **field, "user_managed": True}
    workspace.store.put(KIND, _id(connection, table), overrides)


def patch_field(
    workspace: Workspace, connection: JsonObject, table: Table, field_id: str, request: Mapping[str, Any]
) -> JsonObject:
    """Update parts of one field, by an override if it was detected; return the field as it is now."""
    overrides = _overrides(workspace, connection, table)
    _require_field(table, overrides, field_id)
    key = field_id.casefold()
    overrides["fields"][key] = overrides["fields"].get(key, {}) | _response_parts(request)
    workspace.store.put(KIND, _id(connection, table), overrides)
    return _fields(table, overrides)[key]


def delete_field(workspace: Workspace, connection: JsonObject, table: Table, field_id: str) -> None:
    """Delete a user-managed field.

    Raises:
        RefusalError: 400 if the field was detected; 404 if it does not exist.
    """
    overrides = _overrides(workspace, connection, table)
    if not _require_field(table, overrides, field_id)["user_managed"]:
        raise _bad_request(
            f"Field {field_id} was detected in {table.name}. Only user-managed fields can be deleted."
        )
    for part in ("fields", "keys"):
        overrides[part].pop(field_id.casefold(), None)
    workspace.store.put(KIND, _id(connection, table), overrides)


def override_keys(
    workspace: Workspace, connection: JsonObject, table: Table, requests: Sequence[Mapping[str, Any]]
) -> None:
    """Replace all overrides of the primary key; an empty list restores the detected key.

    The fields that the request makes keys form the key together, in place of the detected one, as the API
    documents an override. A request that only excludes fields keeps the rest of the detected key (a guess).
    """
    overrides = _overrides(workspace, connection, table)
    for request in requests:
        _require_field(table, overrides, request["field_id"])
    overrides["keys"] = {request["field_id"].casefold(): request["is_primary_key"] for request in requests}
    workspace.store.put(KIND, _id(connection, table), overrides)


def forget(workspace: Workspace, connection_id: str) -> None:
    """Delete what users changed in the schemas of a deleted connection."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM documents WHERE kind = ? AND id LIKE ?", (KIND, f"{connection_id}/%"))


def _id(connection: JsonObject, table: Table) -> str:
    return f"{connection['id']}/{table.name.casefold()}"


def _overrides(workspace: Workspace, connection: JsonObject, table: Table) -> JsonObject:
    """Return the changed ``fields`` and the overridden ``keys``, both by the field's ID in lower case."""
    return workspace.store.get(KIND, _id(connection, table)) or {"fields": {}, "keys": {}}


def _fields(table: Table, overrides: JsonObject) -> dict[str, JsonObject]:
    found = {column.name.casefold(): _detected(table, column) for column in table.columns}
    for key, change in overrides["fields"].items():
        if key in found or "user_managed" in change:
            found[key] = (found.get(key) or _added(table, change)) | change
    for key, is_key in _overridden_keys(found, overrides["keys"]).items():
        if key in found:
            found[key] |= {"is_primary_key": is_key, "primary_key_override": True}
    return found


def _overridden_keys(found: Mapping[str, JsonObject], given: Mapping[str, bool]) -> dict[str, bool]:
    """Return whether each field that an override concerns is part of the key."""
    detected = [key for key, field in found.items() if field["source_primary_key"]]
    replaced = dict.fromkeys(detected, False) if any(given.values()) else {}
    return {**replaced, **given}


def _detected(table: Table, column: Column) -> JsonObject:
    is_key = column.name in table.key_columns
    return {
        "id": column.name,
        "name": column.label or column.name,
        "type": column.type,
        "type_spec": column.type,
        "remote_type": column.sql_type or None,
        "path": column.name,
        "is_primary_key": is_key,
        "source_primary_key": is_key,
        "primary_key_override": False,
        "user_managed": False,
        "association": _association(table, column),
        "values": [asdict(choice) for choice in column.values] or None,
    }


def _association(table: Table, column: Column) -> JsonObject | None:
    """Return what a field refers to, such as ``Account.Id``, or ``salesforce.Contact.Id`` elsewhere."""
    if column.refers_to is None:
        return None
    name, _, field = column.refers_to.rpartition(".")
    name = described(table.system).schema_id(name)
    return {"id": f"{name}.{field}", "name": name, "reference_to": [name], "referenced_field": field}


def _added(table: Table, field: JsonObject) -> JsonObject:
    return _detected(table, Column(field["id"], field["type"], ""))


def _response_parts(request: Mapping[str, Any]) -> JsonObject:
    parts = {shown: request[sent] for sent, shown in _RESPONSE_NAMES.items() if sent in request}
    if parts.get("type", TYPES[0]) not in TYPES:
        raise _bad_request(unknown("field type", parts["type"], TYPES))
    return parts


def _require_field(table: Table, overrides: JsonObject, field_id: str) -> JsonObject:
    fields = _fields(table, overrides)
    field = fields.get(field_id.casefold())
    if field is None:
        names = [each["id"] for each in fields.values()]
        message = f"{table.name} has no field {quoted(field_id)}.{valid_values(field_id, names)}"
        raise RefusalError(404, message, key="not_found")
    return field


def _bad_request(message: str) -> RefusalError:
    return RefusalError(400, message, key="bad_request")
