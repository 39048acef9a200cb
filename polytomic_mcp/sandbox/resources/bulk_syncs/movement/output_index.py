"""What an output holds already: each row's key, place and digest, kept beside the rows.

A run must know which rows it has copied without holding them in memory, so the index is a table of
the store. It belongs to the output and not to a sync; where somebody else wrote to the output, it is
made anew from the rows.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from polytomic_mcp.sandbox.data.tables.conversion import to_text
from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_KIND: Final = "bulk_index"
_CHUNK: Final = 10_000


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a row is in the output, and what it holds."""

    row_id: int
    digest: str


class OutputIndex:
    """The index of an output by ``key`` columns, over the contents of ``names``.

    Call everything inside one ``store.transaction()`` with the writing of the rows, ``refresh`` first
    and ``settle`` last.
    """

    def __init__(self, workspace: Workspace, output: Table, names: Sequence[str], key: Sequence[str]) -> None:
        self._store = workspace.store
        self._tables = workspace.tables
        self._output = output
        self._names = list(names)
        self._key = list(key)

    def key(self, row: Row) -> str:
        """Return what tells the row from the others."""
        return json.dumps([to_text(row.get(name)) for name in self._key], ensure_ascii=False)

    def digest(self, row: Row) -> str:
        """Return what changes with the row's contents."""
        text = json.dumps([row.get(name) for name in self._names])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def refresh(self) -> None:
        """Make the index anew unless it is of the rows as they are; what was seen stays seen."""
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
        self.settle()

    def find(self, keys: Iterable[str]) -> dict[str, Copy]:
        """Return the copies of these keys, those that are there."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT key, row_id, digest FROM copies"
                " WHERE output = ? AND key IN (SELECT value FROM json_each(?))",
                (self._output.rows_id, json.dumps(list(keys))),
            ).fetchall()
        return {key: Copy(row_id, digest) for key, row_id, digest in found}

    def put(self, copies: Mapping[str, Copy]) -> None:
        """Note where rows are now."""
        with self._store.transaction() as connection:
            connection.executemany(
                "INSERT INTO copies (output, key, row_id, digest) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET row_id = excluded.row_id, digest = excluded.digest",
                ((self._output.rows_id, key, copy.row_id, copy.digest) for key, copy in copies.items()),
            )

    def see(self, keys: Iterable[str], run: str) -> None:
        """Note that a run met these keys in its source."""
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE copies SET seen = ? WHERE output = ? AND key IN (SELECT value FROM json_each(?))",
                (run, self._output.rows_id, json.dumps(list(keys))),
            )

    def unseen(self, run: str, most: int) -> list[int]:
        """Forget rows that a run did not meet, ``most`` at once, and return their row ids."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT key, row_id FROM copies WHERE output = ? AND seen IS NOT ? LIMIT ?",
                (self._output.rows_id, run, most),
            ).fetchall()
            connection.executemany(
                "DELETE FROM copies WHERE output = ? AND key = ?",
                ((self._output.rows_id, key) for key, _ in found),
            )
        return [row_id for _, row_id in found]

    def settle(self) -> None:
        """Note that the index is of the rows as they are now."""
        self._store.put(_KIND, self._output.rows_id, self._state())

    def _state(self) -> dict[str, object]:
        version = self._tables.version(self._output)
        return {"version": version, "names": self._names, "key": self._key}


def chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Yield the rows in lists of at most ``size``."""
    while chunk := list(islice(rows, size)):
        yield chunk
