"""The tables of database servers."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers import statements
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation, find_relation
from polytomic_mcp.sandbox.data.servers.drivers.session import ServerSession
from polytomic_mcp.sandbox.data.servers.servers import Servers
from polytomic_mcp.sandbox.data.servers.transactions import ServerTransactions
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.backend import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

_CHUNK: Final = 1_000
_FINDABLE: Final = ("string", "number", "datetime")
_GONE: Final = "The row is no longer in the table"
_ID_BITS: Final = 63


class ServerTables:
    """Implements ``TableBackend`` on the database servers of connections."""

    def __init__(self, store: Store, servers: Servers) -> None:
        self._transactions = ServerTransactions(store, servers)
        self._row_ids = RowIds(store)

    def list(self, system: str) -> "list[Table]":
        """Return the server's tables and views, ordered by schema and name."""
        with self._transactions.reading(system) as session:
            return [relation.table(system) for relation in session.relations()]

    def get(self, system: str, name: str) -> Table | None:
        with self._transactions.reading(system) as session:
            relation = find_relation(session.relations(name), name)
        return None if relation is None else relation.table(system)

    def create(self, table: Table) -> None:
        """Create an empty table, and its schema if it does not exist; its key becomes the primary key."""
        with self._transactions.writing(table.system) as session:
            schema, name = _parts(session, table.name)
            _require_names(session, [schema, name, *(column.name for column in table.columns)])
            if not session.has_schema(schema):
                session.execute(f"CREATE SCHEMA IF NOT EXISTS {session.quoted(schema)}")
            columns = [_definition(session, table, column) for column in table.columns]
            names = ", ".join(map(session.quoted, table.key_columns))
            key = [f"PRIMARY KEY ({names})"] if names else []
            session.execute(
                f"CREATE TABLE {session.quoted(schema)}.{session.quoted(name)}"
                f" ({', '.join([*columns, *key])}){session.table_options}"
            )

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        with self._transactions.writing(table.system) as session:
            name = session.qualified_name(_relation(session, table))
            added = [*columns]
            _require_names(session, [column.name for column in added])
            for column in added:
                session.execute(f"ALTER TABLE {name} ADD COLUMN {_definition(session, table, column)}")
            return _relation(session, table).table(table.system)

    def drop(self, table: Table) -> None:
        with self._transactions.writing(table.system) as session:
            session.execute(f"DROP TABLE {session.qualified_name(_relation(session, table))}")

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows of one statement, without those that are written meanwhile."""
        with self._transactions.reading(table.system) as session:
            yield from session.rows(_relation(session, table))

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        with self._transactions.reading(table.system) as session:
            relation = _relation(session, table)
            rows = session.rows(relation)
            while chunk := list(islice(rows, _CHUNK)):
                ids = self._row_ids.assign(table.id, [relation.row_key(row) for row in chunk])
                yield from zip(ids, chunk, strict=True)

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        with self._transactions.reading(table.system) as session:
            return self._pick(session, table, _relation(session, table), row_ids, is_locking=False)

    def can_find(self, table: Table, column: Column) -> bool:
        """Return whether the server compares the column's values as exactly as the sandbox does."""
        del table
        return column.type in _FINDABLE and column.sql_type != "FLOAT"

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        with self._transactions.reading(table.system) as session:
            relation = _relation(session, table)
            rows = [*statements.find(session, relation, column, [*values])]
            ids = self._row_ids.assign(table.id, [relation.row_key(row) for row in rows])
            return dict(zip(ids, rows, strict=True))

    def insert(self, table: Table, rows: Iterable[Row]) -> Sequence[int]:
        """Insert rows, with the server's defaults in omitted columns, and return their row ids."""
        with self._transactions.writing(table.system) as session:
            keys = statements.insert(session, _relation(session, table), [*rows])
            return self._row_ids.assign(table.id, keys)

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        """Update rows by row id; only values that differ are written."""
        with self._transactions.writing(table.system) as session:
            relation = _relation(session, table)
            stored = self._pick(session, table, relation, rows, is_locking=True)
            if gone := rows.keys() - stored.keys():
                raise RefusedRowsError(dict.fromkeys(gone, _GONE))
            changes = {id_: _changes(relation, stored[id_], row) for id_, row in rows.items()}
            updates = {id_: statements.Update(stored[id_], each) for id_, each in changes.items() if each}
            statements.update(session, relation, updates)
            keys = {id_: relation.row_key(stored[id_] | each.changes) for id_, each in updates.items()}
            self._row_ids.set_keys(table.id, keys)

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        with self._transactions.writing(table.system) as session:
            relation = _relation(session, table)
            statements.delete(session, relation, self._row_ids.find(table.id, relation, row_ids))

    def clear(self, table: Table) -> None:
        with self._transactions.writing(table.system) as session:
            session.execute(f"DELETE FROM {session.qualified_name(_relation(session, table))}")  # noqa: S608 - quoted

    def count(self, table: Table) -> int:
        with self._transactions.reading(table.system) as session:
            name = session.qualified_name(_relation(session, table))
            ((number,),) = session.fetch(f"SELECT count(*) FROM {name}")  # noqa: S608 - quoted
            return number

    def version(self, table: Table) -> int:
        """Return a number that changes with the table's rows, whoever writes them; it is not stored."""
        with self._transactions.reading(table.system) as session:
            relation = _relation(session, table)
            fingerprint = session.fingerprint(relation) if relation.kind == "table" else ""
        return int.from_bytes(hashlib.blake2b(fingerprint.encode(), digest_size=7).digest())

    def release(self, system: str) -> None:
        """Delete the row ids of a connection that has been deleted."""
        self._row_ids.delete(system)

    def _pick(
        self,
        session: ServerSession,
        table: Table,
        relation: Relation,
        row_ids: Iterable[int],
        *,
        is_locking: bool,
    ) -> dict[int, Row]:
        keys = self._row_ids.find(table.id, relation, row_ids)
        rows = statements.pick(session, relation, [*keys.values()], is_locking=is_locking)
        found = {relation.row_key(row): row for row in rows}
        by_id = {id_: found.get(relation.row_key(each)) for id_, each in keys.items()}
        return {id_: row for id_, row in by_id.items() if row is not None}


class RowIds:
    """Maps row ids to the keys of a server's rows (``Relation.row_key``); the store holds the mapping.

    An id is a hash of the key, so a table that is read again gives its rows the same ids. A row keeps its id
    when an update changes its key.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def assign(self, source: str, keys: Sequence[str]) -> list[int]:
        """Store keys and return the ids of their rows."""
        ids = [_id_of(key) for key in keys]
        self.set_keys(source, dict(zip(ids, keys, strict=True)))
        return ids

    def set_keys(self, source: str, keys: Mapping[int, str]) -> None:
        """Store the keys of rows by their ids."""
        with self._store.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO places (source, row_id, place) VALUES (?, ?, ?)",
                ((source, id_, key) for id_, key in keys.items()),
            )

    def find(self, source: str, relation: Relation, row_ids: Iterable[int]) -> dict[int, Row]:
        """Return the identifying values of rows by their ids; unknown ids are left out."""
        with self._store.transaction() as connection:
            found = connection.execute(
                "SELECT row_id, place FROM places WHERE source = ?"
                " AND row_id IN (SELECT value FROM json_each(?))",
                (source, json.dumps(list(row_ids))),
            ).fetchall()
        names = [column.name for column in relation.identifying_columns]
        return {id_: dict(zip(names, json.loads(key), strict=False)) for id_, key in found}

    def delete(self, system: str) -> None:
        """Delete the ids of all rows of a server."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM places WHERE source LIKE ?", (f"{system}.%",))


def _id_of(key: str) -> int:
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest) & (2**_ID_BITS - 1)


def _relation(session: ServerSession, table: Table) -> Relation:
    relation = find_relation(session.relations(table.name), table.name)
    if relation is None:
        raise RefusalError(422, f"{session.product} no longer has a table {table.name}.", key="unknown_table")
    return relation


def _changes(relation: Relation, stored: Row, row: Row) -> Row:
    names = [column.name for column in relation.columns if column.updateable and column.name in row]
    return {name: row[name] for name in names if row[name] != stored[name]}


def _parts(session: ServerSession, name: str) -> tuple[str, str]:
    """Return the schema and the name of a new table; only a schema that exists may have dots in its name."""
    places = [at for at, letter in enumerate(name) if letter == "."]
    splits = [(name[:at], name[at + 1 :]) for at in places]
    known = next((each for each in reversed(splits) if session.has_schema(each[0])), None)
    return known or splits[0]


def _require_names(session: ServerSession, names: Sequence[str]) -> None:
    """Raise a refusal, 422, of a name that the server would cut, or refuse without saying which it is."""
    for name in names:
        if reason := session.name_problem(name):
            message = (
                f"{session.product} cannot name a table, schema or column {quoted(name)}, which {reason}."
            )
            raise RefusalError(422, f"{message} Choose another name.", key="invalid_name")


def _definition(session: ServerSession, table: Table, column: Column) -> str:
    is_key = column.name in table.key_columns
    # MySQL would fill a null in a timestamp with the time.
    null = "NOT NULL" if is_key else "NULL"
    return f"{session.quoted(column.name)} {session.type_for(column, is_key=is_key)} {null}"
