"""Row ids for rows of a real server, and back: a row id is kept with what tells the row from the others."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.table import Row

_BITS: Final = 63


class RowIds:
    """What is known of a server's rows, beside the other documents in the store.

    A place is the JSON of a row's marks (``Relation.marks``). The id comes from the place, so that a
    table that is read again gives its rows the ids they had; a row whose marks change keeps its id.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, source: str, places: Sequence[str]) -> list[int]:
        """Keep places, and return the row ids of the rows there."""
        ids = [_id_of(place) for place in places]
        self.move(source, dict(zip(ids, places, strict=True)))
        return ids

    def move(self, source: str, places: Mapping[int, str]) -> None:
        """Keep where rows are now."""
        with self._store.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO places (source, row_id, place) VALUES (?, ?, ?)",
                ((source, id_, place) for id_, place in places.items()),
            )

    def find(self, source: str, relation: Relation, row_ids: Iterable[int]) -> dict[int, Row]:
        """Return the marks of the rows of these ids, those that are known."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT row_id, place FROM places WHERE source = ?"
                " AND row_id IN (SELECT value FROM json_each(?))",
                (source, json.dumps(list(row_ids))),
            ).fetchall()
        names = [column.name for column in relation.marks]
        return {id_: dict(zip(names, json.loads(place), strict=False)) for id_, place in found}

    def forget(self, key: str) -> None:
        """Forget all rows of a connection's server."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM places WHERE source LIKE ?", (f"{key}.%",))


def _id_of(place: str) -> int:
    digest = hashlib.blake2b(place.encode(), digest_size=8).digest()
    return int.from_bytes(digest) & (2**_BITS - 1)
