"""Which records the runs of a model sync moved, as digests, so that a later run can leave them out.

A digest covers what a record would write and where; ``key`` is a shorter hash of what identifies the record.
Both are stored in one row for each part of a run, with 12 bytes for a record. The newest run that moved a
record counts: what earlier runs know of its key is forgotten, so that a record which changes and changes
back moves twice.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from polytomic_mcp.sandbox.workspace.workspace import Workspace

NOTHING: Final = 0
"""The digest of a record that failed: the next run tries it again."""

_KEYS: Final = "I"
_DIGESTS: Final = "Q"
"""Unsigned integers of 32 and of 64 bits."""

_Part = tuple[str, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Moved:
    """The keys and the digests of records, in the same order."""

    keys: "array[int]" = field(default_factory=lambda: array(_KEYS))
    digests: "array[int]" = field(default_factory=lambda: array(_DIGESTS))

    def add(self, key: int, digest: int) -> None:
        """Add a record."""
        self.keys.append(key)
        self.digests.append(digest)

    def __len__(self) -> int:
        return len(self.keys)


def load(workspace: Workspace, sync_id: str) -> set[int]:
    """Return the digests of the records that need not be moved again."""
    with workspace.store.transaction() as connection:
        rows: list[_Part] = connection.execute(
            "SELECT execution, keys, digests FROM moved WHERE sync = ? ORDER BY position DESC", (sync_id,)
        ).fetchall()
    found, newer, last = set[int](), set[int](), list[bytes]()
    for _, parts in groupby(rows, key=lambda row: row[0]):
        for keys in last:
            newer.update(array(_KEYS, keys))
        last.clear()
        for _, keys, digests in parts:
            found.update(_unless(newer, keys, digests))
            last.append(keys)
    return found - {NOTHING}


def add(workspace: Workspace, sync_id: str, execution_id: str, moved: Moved) -> None:
    """Store what a part of a run moved; call it in the transaction that writes the rows."""
    if len(moved):
        with workspace.store.transaction() as connection:
            connection.execute(
                "INSERT INTO moved (sync, execution, keys, digests) VALUES (?, ?, ?, ?)",
                (sync_id, execution_id, moved.keys.tobytes(), moved.digests.tobytes()),
            )


def keep_only(workspace: Workspace, sync_id: str, execution_id: str) -> None:
    """Forget what all other runs of a sync moved."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM moved WHERE sync = ? AND execution <> ?", (sync_id, execution_id))


def delete_all(workspace: Workspace, sync_id: str) -> None:
    """Forget what a sync moved."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM moved WHERE sync = ?", (sync_id,))


def _unless(newer: set[int], keys: bytes, digests: bytes) -> Iterable[int]:
    """Return the digests of the records whose key no newer run has."""
    if not newer:
        return array(_DIGESTS, digests)
    pairs: Iterator[tuple[int, int]] = zip(array(_KEYS, keys), array(_DIGESTS, digests), strict=True)
    return (digest for key, digest in pairs if key not in newer)
