"""What a bulk sync can read from a connection: its schemas, which are the tables of its system.

A field that a user added to a schema becomes a column with the value at the field's path.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.systems.systems import described, system_of
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.resources.schemas import schemas
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_SQL_TYPES: Final = {
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP WITH TIME ZONE",
    "array": "JSON",
    "object": "JSON",
}

_SETTINGS: Final = ("replication_slot",)
"""The keys of a database's ``source_configuration``: stored, without an effect on what is read."""


def list_tables(workspace: Workspace, connection: JsonObject) -> list[Table]:
    """Return the tables that a bulk sync can read; flows and audiences can only be written to (a guess)."""
    return [_widened(workspace, connection, table) for table in _tables(workspace, connection)]


def get_table(workspace: Workspace, connection: JsonObject, schema_id: str) -> Table | None:
    """Return the table with a schema's id, in any case; None if it does not exist or cannot be read."""
    table = workspace.tables.get(system_of(connection), schema_id)
    if table is None or not _is_source(table):
        return None
    return _widened(workspace, connection, schemas.as_schema(table))


def spelled(workspace: Workspace, sync: JsonObject, names: Iterable[str]) -> list[str]:
    """Return the ids of the schemas that a request names; names as given if the source was deleted."""
    connection = workspace.store.get("connection", sync["source_connection_id"])
    source = described(system_of(connection) if connection else "")
    return [source.schema_id(name) for name in names]


def read(workspace: Workspace, connection: JsonObject, table: Table) -> Iterator[Row]:
    """Yield the table's rows, oldest first, with one chunk in memory at a time."""
    paths = {field["id"]: field["path"] or field["id"] for field in _added(workspace, connection, table)}
    for row in workspace.tables.rows(table):
        yield row | {name: schemas.follow(row, path) for name, path in paths.items()} if paths else row


def key_columns(workspace: Workspace, connection: JsonObject, table: Table) -> tuple[Column, ...]:
    """Return the columns that identify a row: the detected key, or the one with which a user replaced it."""
    keys = {field["id"] for field in _fields(workspace, connection, table) if field["is_primary_key"]}
    return tuple(column for column in table.columns if column.name in keys)


def unusable_reason(connection: JsonObject) -> str | None:
    """Return why a bulk sync cannot read from the connection, or None if it can."""
    name, system = connection["name"], system_of(connection)
    if "source" not in connection["type"]["operations"]:
        return f"Connection {name} is of type {system}, which cannot be a source. Use another connection."
    if connection["status"] != "healthy":
        return f"Connection {name} is {connection['status']}. Finish its authorization or correct it first."
    return None


def describe(workspace: Workspace, connection: JsonObject, *, has_fields: bool) -> dict[str, Any]:
    """Return the response of discovery, with the fields of each schema if ``has_fields``."""
    shown = [schemas.describe(workspace, connection, table) for table in _tables(workspace, connection)]
    if not has_fields:
        shown = [{key: each[key] for key in ("id", "name")} for each in shown]
    capabilities = {
        "supports_namespaces": described(system_of(connection)).is_warehouse,
        "supports_tracking_fields": supports_tracking(connection),
    }
    properties = {name: {"type": "string"} for name in settings(connection)}
    return {
        "schemas": shown,
        "configuration": {"type": "object", "properties": properties},
        "capabilities": capabilities,
    }


def supports_tracking(connection: JsonObject) -> bool:
    """Whether a schema can have a tracking field; an application keeps track by itself (a guess)."""
    return described(system_of(connection)).is_warehouse


def settings(connection: JsonObject) -> tuple[str, ...]:
    """Return the keys that ``source_configuration`` accepts."""
    return _SETTINGS if described(system_of(connection)).is_warehouse else ()


def _tables(workspace: Workspace, connection: JsonObject) -> list[Table]:
    tables = workspace.tables.list(system_of(connection))
    return [schemas.as_schema(table) for table in tables if _is_source(table)]


def _is_source(table: Table) -> bool:
    return described(table.system).kind(table.kind).is_source


def _widened(workspace: Workspace, connection: JsonObject, table: Table) -> Table:
    added = (
        Column(field["id"], field["type"], _SQL_TYPES.get(field["type"], "VARCHAR"), label=field["name"])
        for field in _added(workspace, connection, table)
    )
    return replace(table, columns=(*table.columns, *added))


def _added(workspace: Workspace, connection: JsonObject, table: Table) -> list[JsonObject]:
    return [field for field in _fields(workspace, connection, table) if field["user_managed"]]


def _fields(workspace: Workspace, connection: JsonObject, table: Table) -> list[JsonObject]:
    fields: list[JsonObject] = schemas.describe(workspace, connection, table)["fields"]
    return fields
