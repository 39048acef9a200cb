"""Writes of rows of which a real server may refuse some: these are left out, and the others are written.

Call the functions in a ``store.transaction()``.
"""

from collections.abc import Callable, Iterable, Mapping

from polytomic_mcp.sandbox.data.tables.backend import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.tables import Row, Table, Tables


def insert(tables: Tables, table: Table, rows: Mapping[int, Row]) -> tuple[dict[int, int], dict[int, str]]:
    """Insert rows by handle; return, by handle, the row ids, and why the server refuses the other rows."""
    row_ids: dict[int, int] = {}

    def write(handles: list[int]) -> None:
        try:
            found = tables.insert(table, [rows[handle] for handle in handles])
        except RefusedRowsError as refusal:
            raise RefusedRowsError({handles[at]: why for at, why in refusal.reasons.items()}) from refusal
        row_ids.update(zip(handles, found, strict=True))

    return row_ids, _write(rows, write)


def update(tables: Tables, table: Table, rows: Mapping[int, Row]) -> dict[int, str]:
    """Update rows by row id; return, by row id, why the server refuses some."""
    return _write(rows, lambda ids: tables.update(table, {id_: rows[id_] for id_ in ids}))


def delete(tables: Tables, table: Table, row_ids: Iterable[int]) -> dict[int, str]:
    """Delete rows by row id; return, by row id, why the server refuses some."""
    return _write(row_ids, lambda ids: tables.delete(table, ids))


def _write(handles: Iterable[int], write: Callable[[list[int]], None]) -> dict[int, str]:
    """Write what has these handles, without what is refused."""
    rest = [*handles]
    refused: dict[int, str] = {}
    while rest:
        try:
            write(rest)
        except RefusedRowsError as refusal:
            refused |= refusal.reasons
            rest = [handle for handle in rest if handle not in refused]
        else:
            break
    return refused
