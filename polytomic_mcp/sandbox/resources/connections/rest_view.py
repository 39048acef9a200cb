"""A system's own API, simulated: a small read-only REST view over its objects.

A guess by design, since every application has a different API: ``GET /`` lists the objects,
``GET /{object}`` an object's rows (``limit``, ``offset``, and any column as a filter), and
``GET /{object}/{key}`` returns one row. Every other method returns 405.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.workspace.workspace import Workspace

USUAL: Final = 100
LARGEST: Final = 1_000
"""Rows of a response: the default and the maximum."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response of the system: its status and its JSON."""

    status: int
    body: Mapping[str, Any]


def respond(workspace: Workspace, system: str, method: str, path: str, query: Mapping[str, str]) -> Reply:
    """Return the system's response; ``path`` starts with a slash and may be percent-encoded."""
    if method != "GET":
        return _error(405, "The sandbox's view of the system is read-only; use GET.")
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    match segments:
        case [""]:
            tables = workspace.tables.list(system)
            return Reply(200, {"objects": [{"id": table.name, "label": table.label} for table in tables]})
        case [name]:
            table = workspace.tables.get(system, name)
            return _rows(workspace, table, query) if table else _no_object(workspace, system, name)
        case [name, key]:
            table = workspace.tables.get(system, name)
            return _row(workspace, table, key) if table else _no_object(workspace, system, name)
        case _:
            return _error(404, "Unknown path. Valid paths: /, /{object}, /{object}/{key}.")


def _rows(workspace: Workspace, table: Table, query: Mapping[str, str]) -> Reply:
    filters = dict(query)
    limit, offset = _integer(filters.pop("limit", str(USUAL))), _integer(filters.pop("offset", "0"))
    if limit is None or offset is None or not 1 <= limit <= LARGEST:
        return _error(
            400, f"limit must be between 1 and {LARGEST}, and offset must be an integer of 0 or more."
        )
    columns = {name: table.column(name) for name in filters}
    if missing := [name for name, column in columns.items() if column is None]:
        names = [column.name for column in table.columns]
        return _error(400, unknown(f"field of {table.name}", missing[0], names))
    wanted = {column.name: filters[name] for name, column in columns.items() if column is not None}
    found = [row for _, row in workspace.tables.read(table) if _matches(row, wanted)]
    return Reply(200, {"records": found[offset : offset + limit], "total": len(found)})


def _row(workspace: Workspace, table: Table, key: str) -> Reply:
    if table.key is None:
        return _error(404, f"{table.name} has no key to find a row by.")
    wanted = {table.key: key}
    found = next((row for _, row in workspace.tables.read(table) if _matches(row, wanted)), None)
    return Reply(200, found) if found else _error(404, f"{table.name} has no row with key {key}.")


def _matches(row: Row, wanted: Mapping[str, str]) -> bool:
    return all(_text(row[name]) == text for name, text in wanted.items())


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integer(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**62)) else None


def _no_object(workspace: Workspace, system: str, name: str) -> Reply:
    names = [table.name for table in workspace.tables.list(system)]
    return _error(404, unknown("object", name, names))


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"error": {"status": status, "message": message}})
