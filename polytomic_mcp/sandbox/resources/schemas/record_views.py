"""Links to a snapshot of one record, found by a token of which only a digest is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.common import tokens
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.resources.schemas import schemas
from polytomic_mcp.sandbox.workspace.retention import delete_expired
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

KIND: Final = "record_view"

USUAL: Final = timedelta(hours=72)
"""How long a link works by default (the API's documentation)."""

LONGEST: Final = timedelta(days=7)
"""How long a link works at most (the API's documentation)."""


def capabilities(workspace: Workspace, connection: JsonObject, table: Table) -> JsonObject:
    """Return whether links can be created, which requires a primary key of one field, and their limits."""
    key = _key(workspace, connection, table)
    return {
        "connection_id": connection["id"],
        "schema_id": table.name,
        "supported": key is not None,
        "reason": None if key else "The schema has no primary key of one field.",
        "lookup_key_field": key,
        "default_field_policy": "all_readable",
        "default_ttl_seconds": int(USUAL.total_seconds()),
        "max_ttl_seconds": int(LONGEST.total_seconds()),
        "supports_snapshot": True,
        "supports_live_refresh": False,
    }


def snapshot(
    workspace: Workspace,
    connection: JsonObject,
    table: Table,
    lookup: tuple[str, str],
    fields: Sequence[str] | None,
) -> Row:
    """Return the record with this key field and value, with these fields or all.

    Raises:
        RefusalError: 409 if the schema does not support links; 400 if the key is another field or a field
            does not exist; 404 if the record does not exist.
    """
    name, value = lookup
    key = _key(workspace, connection, table)
    if key is None:
        raise RefusalError(409, f"Schema {table.name} has no primary key of one field.", key="unsupported")
    if name.casefold() != key.casefold():
        raise RefusalError(400, f"lookup_key_field must be the primary key, {key}.", key="bad_request")
    names = [column.name for column in table.columns]
    for field in fields or ():
        if field not in names:
            raise RefusalError(400, f"fields: {unknown('field', field, names)}", key="bad_request")
    row = next((row for _, row in workspace.tables.read(table) if str(row[key]) == value), None)
    if row is None:
        raise RefusalError(404, f"{table.name} has no record with this {key}.", key="not_found")
    return {each: row[each] for each in fields or names}


def create(workspace: Workspace, table: Table, record: Row, expires_at: datetime) -> tuple[JsonObject, str]:
    """Store a record until its link expires; return the link's document and its token.

    The token is shown only once.
    """
    delete_expired(workspace, KIND, "expires_at")
    token = tokens.generate()
    document: JsonObject = {
        "id": workspace.new_id(),
        "created_at": workspace.now(),
        "expires_at": written(expires_at),
        "_title": table.label,
        "_record": record,
    }
    workspace.store.put(KIND, tokens.digest(token), document)
    return document, token


def find(workspace: Workspace, token: str) -> JsonObject | None:
    """Return the document of a link, or None if it does not exist or has expired."""
    document = workspace.store.get(KIND, tokens.digest(token))
    if document is None or datetime.fromisoformat(document["expires_at"]) <= workspace.clock():
        return None
    return document


def _key(workspace: Workspace, connection: JsonObject, table: Table) -> str | None:
    """Return the field that is the schema's primary key after overrides, or None unless there is one."""
    fields = schemas.describe(workspace, connection, table)["fields"]
    keys = [field["id"] for field in fields if field["is_primary_key"] and table.column(field["id"])]
    return keys[0] if len(keys) == 1 else None
