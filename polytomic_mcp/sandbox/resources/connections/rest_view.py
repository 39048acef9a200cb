"""What a system's own API answers here: a small read-only REST view over the objects it holds.

A guess by design, since every application has an API of its own: ``GET /`` lists the objects,
``GET /{object}`` the rows of one (``limit``, ``offset``, and any column as a filter), and
``GET /{object}/{key}`` one row. Whatever writes is answered with 405.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from polytomic_mcp.sandbox.common.problems import nearest
from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.workspace.workspace import Workspace

USUAL: Final = 100
LARGEST: Final = 1_000
"""Rows of an answer, unless asked otherwise and at most."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the system: its status and its JSON."""

    status: int
    body: Mapping[str, Any]


def answer(workspace: Workspace, system: str, method: str, path: str, query: Mapping[str, str]) -> Reply:
    """Return what the system answers to a request; ``path`` starts with a slash and may be quoted."""
    if method != "GET":
        return _error(405, "This sandbox's view of the system only reads: use GET.")
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
            return _error(404, "There is no such path; there are /, /{object} and /{object}/{key}.")


def _rows(workspace: Workspace, table: Table, query: Mapping[str, str]) -> Reply:
    asked = dict(query)
    limit, offset = _whole(asked.pop("limit", str(USUAL))), _whole(asked.pop("offset", "0"))
    if limit is None or offset is None or not 1 <= limit <= LARGEST:
        return _error(400, f"limit must lie within 1 and {LARGEST}, and offset be a whole number.")
    columns = {name: table.column(name) for name in asked}
    if unknown := [name for name, column in columns.items() if column is None]:
        names = [column.name for column in table.columns]
        return _error(400, f"{table.name} has no field {unknown[0]}; {nearest(unknown[0], names)}")
    wanted = {column.name: asked[name] for name, column in columns.items() if column is not None}
    found = [row for _, row in workspace.tables.read(table) if _has(row, wanted)]
    return Reply(200, {"records": found[offset : offset + limit], "total": len(found)})


def _row(workspace: Workspace, table: Table, key: str) -> Reply:
    if table.key is None:
        return _error(404, f"{table.name} has no key by which a row could be found.")
    wanted = {table.key: key}
    found = next((row for _, row in workspace.tables.read(table) if _has(row, wanted)), None)
    return Reply(200, found) if found else _error(404, f"{table.name} has no row {key}.")


def _has(row: Row, wanted: Mapping[str, str]) -> bool:
    return all(_text(row[name]) == text for name, text in wanted.items())


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**62)) else None


def _no_object(workspace: Workspace, system: str, name: str) -> Reply:
    names: Sequence[str] = [table.name for table in workspace.tables.list(system)]
    return _error(404, f"There is no object {name}; {nearest(name, names)}")


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"error": {"status": status, "message": message}})
