"""Tables and rows in the sandbox's own store, which is a SQLite database."""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pydantic_core import to_jsonable_python

from polytomic_mcp.common import spelling
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Store, stored_json
from polytomic_mcp.sandbox.data.tables import json_columns
from polytomic_mcp.sandbox.data.tables.names import quoted
from polytomic_mcp.sandbox.data.tables.row_index import drop_indexes, indexed, is_indexable, spellings
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

_CHUNK: Final = 10_000


class SqliteTables:
    """Implements ``TableBackend``. ``load_samples`` inserts a system's sample data on the system's first use.

    Each table is also a view named ``<system>.<name>``, for a reader of the state file.
    """

    def __init__(self, store: Store, load_samples: Callable[[str], None]) -> None:
        self._store = store
        self._load_samples = load_samples
        self._loaded: set[str] = set()

    def list(self, system: str) -> "list[Table]":
        """Return the system's tables, in the order they were created."""
        self._require_samples(system)
        return [Table.of(body) for body in self._store.list("table", {"system": system})]

    def get(self, system: str, name: str) -> Table | None:
        self._require_samples(system)
        body = self._store.get("table", f"{system}.{name}".casefold())
        return None if body is None else Table.of(body)

    def create(self, table: Table) -> None:
        """Create an empty table.

        Raises:
            ValueError: The name is taken.
            RefusalError: 422, two columns have the same name in any case.
        """
        _require_distinct_columns(table)
        with self._store.transaction():
            if self.get(table.system, table.name) is not None:
                raise ValueError(f"{table.system} already has a table {table.name}")
            self._define(table)

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        """Append columns, null in every existing row, and return the changed table."""
        wider = replace(table, columns=(*table.columns, *columns))
        _require_distinct_columns(wider)
        with self._store.transaction():
            self._define(wider)
        return wider

    def drop(self, table: Table) -> None:
        """Delete the table, and its rows unless another table is an alias of them."""
        with self._store.transaction() as connection:
            connection.execute(f"DROP VIEW IF EXISTS {quoted(table.id)}")
            self._store.delete("table", table.id.casefold())
            if all(Table.of(body).rows_id != table.rows_id for body in self._store.list("table")):
                self.clear(table)
                drop_indexes(connection, table)

    def rows(self, table: Table) -> Iterator[Row]:
        return (row for _, row in self.read(table))

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        """Yield row ids and rows, oldest first, with one chunk in memory at a time.

        Rows inserted after the first one is read are not included, so the reader may write to the table.
        """
        row = _reader(table)
        for chunk in self._chunks(table):
            for row_id, body in chunk:
                yield row_id, row(body)

    def bodies(self, table: Table) -> Iterator[Sequence[str]]:
        """Yield chunks of rows as stored: JSON arrays, shorter for rows older than the last columns."""
        for chunk in self._chunks(table):
            yield [body for _, body in chunk]

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        row = _reader(table)
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT row_id, body FROM rows WHERE source = ?"
                " AND row_id IN (SELECT value FROM json_each(?))",
                (table.rows_id, json.dumps(list(row_ids))),
            ).fetchall()
        return {row_id: row(body) for row_id, body in found}

    def can_find(self, table: Table, column: Column) -> bool:
        del table
        return is_indexable(column)

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        """Return, by row id and oldest first, all rows that hold one of the values, and possibly others."""
        row = _reader(table)
        with self._store.transaction() as connection:
            found = connection.execute(
                f"SELECT row_id, body FROM {indexed(connection, table, column)}"  # noqa: S608 - quoted
                " IN (SELECT value FROM json_each(?)) ORDER BY row_id",
                (json.dumps(spellings(column, values)),),
            ).fetchall()
        return {row_id: row(body) for row_id, body in found}

    def insert(self, table: Table, rows: Iterable[Row]) -> Sequence[int]:
        """Append rows, null in omitted columns, and return their row ids."""
        with self._store.transaction() as connection:
            first = self._last_row_id() + 1
            connection.executemany(
                "INSERT INTO rows (source, body) VALUES (?, ?)",
                ((table.rows_id, body) for body in _bodies(table, rows)),
            )
            self._touch(table)
            return range(first, self._last_row_id() + 1)

    def insert_select(self, table: Table, select: str, values: str) -> None:
        """Append the rows whose bodies a ``SELECT`` makes of ``values``, its one parameter, which is JSON."""
        with self._store.transaction() as connection:
            connection.execute(
                f"INSERT INTO rows (source, body) SELECT ?, made.* FROM ({select}) AS made",  # noqa: S608 - ours
                (table.rows_id, values),
            )
            self._touch(table)

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        bodies = _bodies(table, rows.values())
        with self._store.transaction() as connection:
            connection.executemany(
                "UPDATE rows SET body = ? WHERE row_id = ? AND source = ?",
                ((body, row_id, table.rows_id) for row_id, body in zip(rows, bodies, strict=True)),
            )
            self._touch(table)

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        with self._store.transaction() as connection:
            connection.executemany(
                "DELETE FROM rows WHERE row_id = ? AND source = ?",
                ((row_id, table.rows_id) for row_id in row_ids),
            )
            self._touch(table)

    def clear(self, table: Table) -> None:
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM rows WHERE source = ?", (table.rows_id,))
            self._touch(table)

    def replace_rows(self, table: Table, staged: Table) -> None:
        """Replace the table's rows with those of ``staged``, a table that was never created."""
        with self._store.transaction() as connection:
            self.clear(table)
            connection.execute("UPDATE rows SET source = ? WHERE source = ?", (table.rows_id, staged.rows_id))
            self._store.delete("table_version", staged.rows_id)

    def discard(self, staged: Table) -> None:
        """Delete the rows of a table that was never created."""
        with self._store.transaction():
            self.clear(staged)
            self._store.delete("table_version", staged.rows_id)

    def count(self, table: Table) -> int:
        with self._store.transaction() as connection:
            found = connection.execute("SELECT count(*) FROM rows WHERE source = ?", (table.rows_id,))
            return found.fetchone()[0]

    def version(self, table: Table) -> int:
        """Return a number that every write changes, and that a rollback restores."""
        body = self._store.get("table_version", table.rows_id)
        return 0 if body is None else body["version"]

    def release(self, system: str) -> None:
        """Do nothing: the rows of a system stay for its other connections."""

    def _require_samples(self, system: str) -> None:
        """Load a system's sample data, once for each store."""
        if system in self._loaded:
            return
        with self._store.transaction():
            if self._store.get("seeded", system) is None:
                self._store.put("seeded", system, {})  # first, because loading reads the system's tables
                self._load_samples(system)
            self._store.after_commit(partial(self._loaded.add, system))

    def _define(self, table: Table) -> None:
        with self._store.transaction() as connection:
            self._store.put("table", table.id.casefold(), to_jsonable_python(table))
            self._touch(table)
            connection.execute(f"DROP VIEW IF EXISTS {quoted(table.id)}")
            connection.execute(_view(table))

    def _touch(self, table: Table) -> None:
        # Random, so that a number seen in a transaction that was rolled back is never used again.
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


def _reader(table: Table) -> Callable[[str], Row]:
    """Return the function that turns a stored body into a row."""
    names = [column.name for column in table.columns]
    texts = [names[position] for position in _columns_of(table, json_columns.JSON)]

    def row(body: str) -> Row:
        found = dict.fromkeys(names) | dict(zip(names, stored_json(body), strict=False))
        for name in texts:
            found[name] = json_columns.stored(found[name])
        return found

    return row


def _columns_of(table: Table, sql_type: str) -> "list[int]":
    return [at for at, column in enumerate(table.columns) if column.sql_type == sql_type]


def _bodies(table: Table, rows: Iterable[Row]) -> Iterator[str]:
    names = [column.name for column in table.columns]
    known = frozenset(names)
    texts = _columns_of(table, json_columns.JSON)
    lists = _columns_of(table, f"{json_columns.JSON}[]")
    encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode
    for row in rows:
        if not row.keys() <= known:
            raise ValueError(unknown(f"{table.id} column", min(row.keys() - known), names))
        values = [row.get(name) for name in names]
        for position in texts:
            if values[position] is not None:
                values[position] = json_columns.written(values[position])
        for position in lists:
            values[position] = json_columns.plain(values[position])
        # Neither SQLite nor DuckDB can store a lone surrogate.
        yield encode(values).encode(errors="replace").decode()


def _require_distinct_columns(table: Table) -> None:
    """Refuse columns that differ by case alone, which neither SQLite nor DuckDB tells apart."""
    names = [column.name for column in table.columns]
    folded = Counter(map(str.casefold, names))
    alike = [name for name in names if folded[name.casefold()] > 1]
    if alike:
        message = (
            f"The sandbox's table {table.name} cannot have columns that differ by case alone: "
            f"{', '.join(map(spelling.quoted, alike))}. Give each its own name."
        )
        raise RefusalError(422, message, key="duplicate_column")


def _view(table: Table) -> str:
    columns = ", ".join(
        f"json_extract(body, '$[{index}]') AS {quoted(column.name)}"
        for index, column in enumerate(table.columns)
    )
    source = table.rows_id.replace("'", "''")
    select = f"SELECT {columns} FROM rows WHERE source = '{source}'"  # noqa: S608 - all names are quoted
    return f"CREATE VIEW {quoted(table.id)} AS {select}"
