"""A target's rows during a run: found by identity, changed in memory, and written together."""

from collections.abc import Sequence
from typing import Any

from polytomic_mcp.catalogue.rules.identity_functions import EQUALITY
from polytomic_mcp.sandbox.data.tables import accepted_rows
from polytomic_mcp.sandbox.data.tables.tables import Row, Table, Tables
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.syncs.movement.plan import IdentityMapping
from polytomic_mcp.sandbox.resources.syncs.rules.identity_functions import Index


class TargetRows:
    """The rows of a table by handle, a number that is valid until ``flush``.

    ``load`` reads the rows that a chunk of records may match, since other runs may write between two
    chunks. If the table cannot search by the identities, it reads all rows, and reads them again only
    after another run wrote to the table. Changes stay in memory until ``flush``.
    """

    def __init__(self, tables: Tables, table: Table, identities: Sequence[IdentityMapping]) -> None:
        self._tables = tables
        self._table = table
        self._identities = identities
        self._is_whole = not all(
            mapping.function == EQUALITY and tables.can_find(table, mapping.column) for mapping in identities
        )
        self._version: int | None = None
        self._clear()

    def _clear(self) -> None:
        self._next = 0
        self._rows: dict[int, Row] = {}
        self._row_ids: dict[int, int] = {}
        self._indexes = [
            Index(mapping.function, ignores_case=mapping.column.ignores_case) for mapping in self._identities
        ]
        self._inserted: dict[int, Row] = {}
        self._updated: dict[int, Row] = {}
        self._deleted: dict[int, Row] = {}

    def load(self, records: Sequence[Record]) -> None:
        """Read the rows that the records may match. Call it inside the transaction that writes."""
        if self._is_whole:
            self._refresh()
            return
        self._clear()
        found: dict[int, Row] = {}
        for mapping in self._identities:
            found |= self._tables.find(self._table, mapping.column, set(mapping.values(records)))
        for row_id in sorted(found):
            self._row_ids[self._add(found[row_id])] = row_id

    def _refresh(self) -> None:
        version = self._tables.version(self._table)
        if version == self._version:
            return
        self._clear()
        for row_id, row in self._tables.read(self._table):
            self._row_ids[self._add(row)] = row_id
        self._version = version

    def row(self, handle: int) -> Row:
        """Return the row of a handle."""
        return self._rows[handle]

    def find(self, position: int, value: Any) -> list[int]:
        """Return the handles of the rows that match by the identity mapping at a position."""
        return self._indexes[position].find(value)

    def insert(self, row: Row) -> int:
        """Add a row and return its handle."""
        handle = self._add(row)
        self._inserted[handle] = row
        return handle

    def update(self, handle: int, row: Row) -> None:
        """Replace a row."""
        self._index(handle, self._rows[handle], is_there=False)
        self._index(handle, row, is_there=True)
        self._rows[handle] = row
        if handle in self._inserted:
            self._inserted[handle] = row
        else:
            self._updated[handle] = row

    def delete(self, handle: int) -> Row:
        """Remove a row that is in the table, and return it."""
        row = self._rows.pop(handle)
        self._index(handle, row, is_there=False)
        self._deleted[handle] = row
        return row

    def flush(self) -> dict[int, str]:
        """Write the changes to the table; return, by handle, why a server refuses some, which are left out.

        Call it inside a transaction.
        """
        row_ids, refused = accepted_rows.insert(self._tables, self._table, self._inserted)
        self._row_ids |= row_ids
        changed = {self._row_ids[handle]: handle for handle in (*self._updated, *self._deleted)}
        updated = {self._row_ids[handle]: row for handle, row in self._updated.items()}
        reasons = accepted_rows.update(self._tables, self._table, updated)
        gone = [self._row_ids[handle] for handle in self._deleted]
        reasons |= accepted_rows.delete(self._tables, self._table, gone)
        refused |= {changed[row_id]: reason for row_id, reason in reasons.items()}
        if self._is_whole and not refused:
            self._inserted, self._updated, self._deleted = {}, {}, {}
            self._version = self._tables.version(self._table)
        else:
            self._clear()
            self._version = None
        return refused

    def _add(self, row: Row) -> int:
        handle, self._next = self._next, self._next + 1
        self._rows[handle] = row
        self._index(handle, row, is_there=True)
        return handle

    def _index(self, handle: int, row: Row, *, is_there: bool) -> None:
        for index, mapping in zip(self._indexes, self._identities, strict=True):
            change = index.add if is_there else index.remove
            change(handle, row.get(mapping.column.name))
