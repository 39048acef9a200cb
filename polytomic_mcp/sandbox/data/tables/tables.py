"""The rows behind the sandbox's connections: every system's tables, kept in the store."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Final

from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.names import quoted
from polytomic_mcp.sandbox.data.tables.row_index import drop_indexes, indexed, is_indexable, spellings
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

__all__ = ["Column", "Row", "Table", "Tables"]

ASIDE: Final = "aside/"
"""Begins the place of rows that a run gathers; no table's own place begins so."""

Seed = Callable[["Tables", str], None]
"""Brings the sample data of a system into the tables."""

_CHUNK: Final = 10_000


def _nothing(tables: "Tables", system: str) -> None:
    del tables, system


class Tables:
    """All tables of one workspace; names are found in any case.

    Every write is a transaction of its own, or part of the ``store.transaction()`` around it. For
    whoever opens the state file, each table is also a view named ``<system>.<name>``. ``seed`` brings a
    system's sample data when the system is first looked at. Behind a table may be a real server
    (``servers``): then ``insert``, ``update`` and ``delete`` may raise ``RefusedRowsError``, which
    names the rows that the server refuses; nothing was written then, and the rest can be sent again.
    """

    def __init__(self, store: Store, seed: Seed = _nothing) -> None:
        self._store = store
        self._seed = seed
        self._seeded: set[str] = set()

    def held(self) -> AbstractContextManager[object]:
        """Return a context in which no other thread changes a row."""
        return self._store.transaction()

    def list(self, system: str) -> list[Table]:
        """Return the system's tables, in the order they were created."""
        self._require_seeded(system)
        return [Table.of(body) for body in self._store.list("table", {"system": system})]

    def get(self, system: str, name: str) -> Table | None:
        """Return the table, or None where there is none."""
        self._require_seeded(system)
        body = self._store.get("table", f"{system}.{name}".casefold())
        return None if body is None else Table.of(body)

    def create(self, table: Table) -> None:
        """Create an empty table; ``ValueError`` when the name is taken or two columns share one."""
        _require_distinct_columns(table)
        with self._store.transaction():
            if self.get(table.system, table.name) is not None:
                raise ValueError(f"{table.system} already has a table {table.name}")
            self._define(table)

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        """Append columns, null in every row there is, and return the table as it is now."""
        wider = replace(table, columns=(*table.columns, *columns))
        _require_distinct_columns(wider)
        with self._store.transaction():
            self._define(wider)
        return wider

    def drop(self, table: Table) -> None:
        """Remove the table, and its rows unless another table is an alias of them."""
        with self._store.transaction() as connection:
            connection.execute(f"DROP VIEW IF EXISTS {quoted(table.id)}")
            self._store.delete("table", table.id.casefold())
            if all(Table.of(body).rows_id != table.rows_id for body in self._store.list("table")):
                self.clear(table)
                drop_indexes(connection, table)

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        """Yield row ids and rows, oldest first, a chunk in memory at a time.

        Rows that are inserted after the first was read are not among them, so that a reader may
        write to the table it reads.
        """
        names = [column.name for column in table.columns]
        for chunk in self._chunks(table):
            for row_id, body in chunk:
                yield row_id, _row(names, body)

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows as ``read`` does, for whoever writes none of them back."""
        return (row for _, row in self.read(table))

    def read_bodies(self, table: Table) -> "Iterator[list[str]]":
        """Yield chunks of rows as they are stored: JSON arrays, shorter where a column was added."""
        for chunk in self._chunks(table):
            yield [body for _, body in chunk]

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        """Return the rows of these row ids, those that are there."""
        names = [column.name for column in table.columns]
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT row_id, body FROM rows WHERE source = ?"
                " AND row_id IN (SELECT value FROM json_each(?))",
                (table.rows_id, json.dumps(list(row_ids))),
            ).fetchall()
        return {row_id: _row(names, body) for row_id, body in found}

    def finds(self, table: Table, column: Column) -> bool:
        """Say whether ``find`` can look for values of the column."""
        del table
        return is_indexable(column)

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        """Return rows by row id, oldest first, all that hold one of the values and perhaps some more."""
        names = [each.name for each in table.columns]
        with self._store.transaction() as connection:
            found = connection.execute(
                f"SELECT row_id, body FROM {indexed(connection, table, column)}"  # noqa: S608 - quoted
                " IN (SELECT value FROM json_each(?)) ORDER BY row_id",
                (json.dumps(spellings(values)),),
            ).fetchall()
        return {row_id: _row(names, body) for row_id, body in found}

    def insert(self, table: Table, rows: Iterable[Row]) -> Sequence[int]:
        """Append rows, absent columns null, and return the row ids they got."""
        with self._store.transaction() as connection:
            first = self._last_row_id() + 1
            connection.executemany(
                "INSERT INTO rows (source, body) VALUES (?, ?)",
                ((table.rows_id, _body(table, row)) for row in rows),
            )
            self._touch(table)
            return range(first, self._last_row_id() + 1)

    def insert_made(self, table: Table, select: str, values: str) -> None:
        """Append rows whose bodies a ``SELECT`` of SQLite's makes of JSON."""
        with self._store.transaction() as connection:
            connection.execute(
                f"INSERT INTO rows (source, body) SELECT ?, made.* FROM ({select}) AS made",  # noqa: S608 - ours
                (table.rows_id, values),
            )
            self._touch(table)

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        """Replace whole rows by their row ids."""
        with self._store.transaction() as connection:
            connection.executemany(
                "UPDATE rows SET body = ? WHERE row_id = ? AND source = ?",
                ((_body(table, row), row_id, table.rows_id) for row_id, row in rows.items()),
            )
            self._touch(table)

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        """Remove rows by their row ids."""
        with self._store.transaction() as connection:
            connection.executemany(
                "DELETE FROM rows WHERE row_id = ? AND source = ?",
                ((row_id, table.rows_id) for row_id in row_ids),
            )
            self._touch(table)

    def clear(self, table: Table) -> None:
        """Remove every row."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM rows WHERE source = ?", (table.rows_id,))
            self._touch(table)

    def swap(self, table: Table, staged: Table) -> None:
        """Put the rows of ``staged``, a table that was never created, in place of the table's."""
        with self._store.transaction() as connection:
            self.clear(table)
            connection.execute("UPDATE rows SET source = ? WHERE source = ?", (table.rows_id, staged.rows_id))
            self._store.delete("table_version", staged.rows_id)

    def discard(self, staged: Table) -> None:
        """Remove the rows of a table that was never created."""
        with self._store.transaction():
            self.clear(staged)
            self._store.delete("table_version", staged.rows_id)

    def forget(self, system: str) -> None:
        """Forget what is known beside the rows of a system that no connection reaches any more."""

    def count(self, table: Table) -> int:
        """Return how many rows there are."""
        with self._store.transaction() as connection:
            found = connection.execute("SELECT count(*) FROM rows WHERE source = ?", (table.rows_id,))
            return found.fetchone()[0]

    def version(self, table: Table) -> int:
        """Return a number that every write changes, and that a rollback brings back."""
        body = self._store.get("table_version", table.rows_id)
        return 0 if body is None else body["version"]

    def _require_seeded(self, system: str) -> None:
        """Bring a system's sample data once in the life of the store."""
        if system in self._seeded:
            return
        with self._store.transaction():
            if self._store.get("seeded", system) is None:
                self._store.put("seeded", system, {})  # first, since the seed looks at the system too
                self._seed(self, system)
            self._store.after_commit(partial(self._seeded.add, system))

    def _define(self, table: Table) -> None:
        with self._store.transaction() as connection:
            self._store.put("table", table.id.casefold(), asdict(table))
            self._touch(table)
            connection.execute(f"DROP VIEW IF EXISTS {quoted(table.id)}")
            connection.execute(_view(table))

    def _touch(self, table: Table) -> None:
        # Random, so that a number seen inside a transaction that was rolled back never comes again.
        self._store.put("table_version", table.rows_id, {"version": secrets.randbits(62)})

    def _last_row_id(self) -> int:
        with self._store.transaction() as connection:
            found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'rows'").fetchone()
        return 0 if found is None else found[0]

    def _chunks(self, table: Table) -> "Iterator[list[tuple[int, str]]]":
        last, end = 0, self._last_row_id()
        while True:
            with self._store.transaction() as connection:
                chunk = connection.execute(
                    "SELECT row_id, body FROM rows WHERE source = ? AND row_id > ? AND row_id <= ?"
                    " ORDER BY row_id LIMIT ?",
                    (table.rows_id, last, end, _CHUNK),
                ).fetchall()
            if not chunk:
                return
            yield chunk
            last = chunk[-1][0]


def _row(names: "list[str]", body: str) -> Row:
    values: list[Any] = json.loads(body)
    return dict.fromkeys(names) | dict(zip(names, values, strict=False))


def _body(table: Table, row: Row) -> str:
    names = [column.name for column in table.columns]
    if not row.keys() <= set(names):
        raise ValueError(f"{table.id} has no column {', '.join(row.keys() - set(names))}")
    values = [row.get(name) for name in names]
    text = json.dumps(values, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    # A lone surrogate is no text: neither SQLite nor DuckDB could hold it.
    return text.encode(errors="replace").decode()


def _require_distinct_columns(table: Table) -> None:
    folded = [column.name.casefold() for column in table.columns]
    if len(set(folded)) < len(folded):
        raise ValueError(f"two columns of {table.id} have the same name")


def _view(table: Table) -> str:
    columns = ", ".join(
        f"json_extract(body, '$[{index}]') AS {quoted(column.name)}"
        for index, column in enumerate(table.columns)
    )
    source = table.rows_id.replace("'", "''")
    select = f"SELECT {columns} FROM rows WHERE source = '{source}'"  # noqa: S608 - all names are quoted
    return f"CREATE VIEW {quoted(table.id)} AS {select}"
