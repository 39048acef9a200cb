"""An index of the rows in an output: the key, row id and digest of each.

A run must know which rows it has copied without loading them all, so the index is a table of the store. It
belongs to the output, not to a sync, and is rebuilt from the rows if anything else has written to the output.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.outputs import DELETED
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_KIND: Final = "bulk_index"
_CHUNK: Final = 10_000
_MARKED: Final = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A row in the output: its id there, and a digest of its values, which a row marked as deleted lacks."""

    row_id: int
    digest: str


class OutputIndex:
    """The index of an output by its ``key`` columns, with digests of the columns ``names``.

    Call the methods in the ``store.transaction()`` that writes the rows: ``refresh`` first, and
    ``mark_current`` last.
    """

    def __init__(self, workspace: Workspace, output: Table, names: Sequence[str], key: Sequence[str]) -> None:
        self._store = workspace.store
        self._tables = workspace.tables
        self._output = output
        self._names = list(names)
        self._key = list(key)

    def key(self, row: Row) -> str:
        """Return the row's values in the key columns, as a string."""
        return json.dumps([to_text(row.get(name)) for name in self._key], ensure_ascii=False)

    def digest(self, row: Row) -> str:
        """Return a hash of the row's values in the indexed columns; empty for one that is marked as deleted.

        A row that comes back therefore differs from its copy, whatever its values.
        """
        if row.get(DELETED.name) is not None:
            return _MARKED
        text = json.dumps([row.get(name) for name in self._names])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def refresh(self) -> None:
        """Rebuild the index if it does not match the rows; which keys were seen is preserved."""
        if self._store.get(_KIND, self._output.rows_id) == self._state():
            return
        with self._store.transaction() as connection:
            connection.execute(
                "DELETE FROM copies WHERE output = ?"
                " AND row_id NOT IN (SELECT row_id FROM rows WHERE source = ?)",
                (self._output.rows_id, self._output.rows_id),
            )
        rows = self._tables.read(self._output)
        while chunk := list(islice(rows, _CHUNK)):
            self.put({self.key(row): Copy(row_id, self.digest(row)) for row_id, row in chunk})
        self.mark_current()

    def find(self, keys: Iterable[str]) -> dict[str, Copy]:
        """Return the copies with these keys; a key without a copy is omitted."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT key, row_id, digest FROM copies"
                " WHERE output = ? AND key IN (SELECT value FROM json_each(?))",
                (self._output.rows_id, json.dumps(list(keys))),
            ).fetchall()
        return {key: Copy(row_id, digest) for key, row_id, digest in found}

    def put(self, copies: Mapping[str, Copy]) -> None:
        """Insert or update the entries of rows."""
        with self._store.transaction() as connection:
            connection.executemany(
                "INSERT INTO copies (output, key, row_id, digest) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET row_id = excluded.row_id, digest = excluded.digest",
                ((self._output.rows_id, key, copy.row_id, copy.digest) for key, copy in copies.items()),
            )

    def mark_seen(self, keys: Iterable[str], run: str) -> None:
        """Store that a run read these keys from its source."""
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE copies SET seen = ? WHERE output = ? AND key IN (SELECT value FROM json_each(?))",
                (run, self._output.rows_id, json.dumps(list(keys))),
            )

    def remove_unseen(self, run: str, limit: int) -> list[int]:
        """Delete at most ``limit`` entries whose keys a run did not read, and return their row ids."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "DELETE FROM copies WHERE output = ?1 AND key IN"
                " (SELECT key FROM copies WHERE output = ?1 AND seen IS NOT ?2 LIMIT ?3) RETURNING row_id",
                (self._output.rows_id, run, limit),
            ).fetchall()
        return [row_id for (row_id,) in found]

    def mark_unseen(self, run: str, limit: int) -> list[int]:
        """Mark at most ``limit`` entries as deleted, as ``remove_unseen`` deletes them."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "UPDATE copies SET digest = ?4 WHERE output = ?1 AND key IN"
                " (SELECT key FROM copies WHERE output = ?1 AND seen IS NOT ?2 AND digest <> ?4 LIMIT ?3)"
                " RETURNING row_id",
                (self._output.rows_id, run, limit, _MARKED),
            ).fetchall()
        return [row_id for (row_id,) in found]

    def mark_current(self) -> None:
        """Store that the index matches the rows as they are now."""
        self._store.put(_KIND, self._output.rows_id, self._state())

    def _state(self) -> dict[str, object]:
        version = self._tables.version(self._output)
        return {"version": version, "names": self._names, "key": self._key}
