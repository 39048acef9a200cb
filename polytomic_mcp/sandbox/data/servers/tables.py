"""The tables of real database servers, by the methods that the sandbox's own have."""

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Any, Final

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers import writing
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation, nearest
from polytomic_mcp.sandbox.data.servers.drivers.wire import Wire
from polytomic_mcp.sandbox.data.servers.reach import Reach, explained
from polytomic_mcp.sandbox.data.servers.row_ids import RowIds
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

_CHUNK: Final = 1_000
_FINDABLE: Final = ("string", "number", "datetime")
_GONE: Final = "The row is no longer in the table"


class ServerTables:
    """What is inside a ``store.transaction()`` is one of the server's too, which commits first."""

    def __init__(self, store: Store, reach: Reach) -> None:
        self._store = store
        self._reach = reach
        self._places = RowIds(store)
        self._joined: dict[str, Wire] = {}

    def list(self, system: str) -> "list[Table]":
        """Return the server's tables and views, by schema and name."""
        with self._wire(system) as wire:
            return [relation.table(system) for relation in wire.relations()]

    def get(self, system: str, name: str) -> Table | None:
        """Return the table, or None where there is none."""
        with self._wire(system) as wire:
            relation = nearest(wire.relations(name), name)
        return None if relation is None else relation.table(system)

    def create(self, table: Table) -> None:
        """Create an empty table, and its schema if need be; a key of one column becomes the primary key."""
        schema, _, name = table.name.rpartition(".")
        with self._writing(table) as wire:
            wire.make_schema(schema)
            columns = [_definition(wire, table, column) for column in table.columns]
            key = [f"PRIMARY KEY ({wire.quoted(table.key)})"] if table.key else []
            wire.execute(
                f"CREATE TABLE {wire.quoted(schema)}.{wire.quoted(name)} ({', '.join([*columns, *key])})"
            )

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        """Append columns and return the table as it is now."""
        with self._writing(table) as wire:
            relation = _relation(wire, table)
            for column in columns:
                wire.execute(
                    f"ALTER TABLE {wire.called(relation)} ADD COLUMN {_definition(wire, table, column)}"
                )
            return _relation(wire, table).table(table.system)

    def drop(self, table: Table) -> None:
        """Remove the table."""
        with self._writing(table) as wire:
            wire.execute(f"DROP TABLE {wire.called(_relation(wire, table))}")

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows as they come; those of one statement, whatever is written meanwhile."""
        with self._wire(table.system) as wire:
            yield from wire.rows(_relation(wire, table))

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        """Yield row ids and rows."""
        with self._wire(table.system) as wire:
            relation = _relation(wire, table)
            rows = wire.rows(relation)
            while chunk := list(islice(rows, _CHUNK)):
                ids = self._places.note(table.id, [relation.place(row) for row in chunk])
                yield from zip(ids, chunk, strict=True)

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        """Return the rows of these row ids, those that are there."""
        with self._wire(table.system) as wire:
            return self._picked(wire, table, _relation(wire, table), row_ids, is_locked=False)

    def finds(self, table: Table, column: Column) -> bool:
        """Say whether the server can look for values of the column as exactly as the sandbox does."""
        del table
        return column.type in _FINDABLE and column.sql_type != "FLOAT"

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        """Return rows by row id, all that hold one of the values and perhaps some more."""
        with self._wire(table.system) as wire:
            relation = _relation(wire, table)
            rows = [*writing.find(wire, relation, column, [*values])]
            return dict(zip(self._places.note(table.id, [*map(relation.place, rows)]), rows, strict=True))

    def insert(self, table: Table, rows: Iterable[Row]) -> Sequence[int]:
        """Insert rows, whose absent columns get the server's defaults, and return their row ids."""
        with self._writing(table) as wire:
            return self._places.note(table.id, writing.insert(wire, _relation(wire, table), [*rows]))

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        """Bring rows to these values; only what differs is written."""
        with self._writing(table) as wire:
            relation = _relation(wire, table)
            held = self._picked(wire, table, relation, rows, is_locked=True)
            if gone := rows.keys() - held.keys():
                raise writing.RefusedRowsError(dict.fromkeys(gone, _GONE))
            changes = {id_: _changes(relation, held[id_], row) for id_, row in rows.items()}
            updates = {id_: writing.Update(held[id_], each) for id_, each in changes.items() if each}
            writing.update(wire, relation, updates)
            moved = {id_: relation.place(held[id_] | each.changes) for id_, each in updates.items()}
            self._places.move(table.id, moved)

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        """Delete rows by their row ids."""
        with self._writing(table) as wire:
            relation = _relation(wire, table)
            writing.delete(wire, relation, self._places.find(table.id, relation, row_ids))

    def clear(self, table: Table) -> None:
        """Delete every row."""
        with self._writing(table) as wire:
            wire.execute(f"DELETE FROM {wire.called(_relation(wire, table))}")  # noqa: S608 - quoted

    def count(self, table: Table) -> int:
        """Return how many rows there are."""
        with self._wire(table.system) as wire:
            ((number,),) = wire.fetch(f"SELECT count(*) FROM {wire.called(_relation(wire, table))}")  # noqa: S608 - quoted
            return number

    def version(self, table: Table) -> int:
        """Return a number that changes with the table's rows, whoever writes them; nothing of it is kept."""
        with self._wire(table.system) as wire:
            relation = _relation(wire, table)
            state = wire.state(relation) if relation.kind == "table" else ""
        return int.from_bytes(hashlib.blake2b(state.encode(), digest_size=7).digest())

    def forget(self, system: str) -> None:
        """Forget what was known of the rows of a connection that is deleted."""
        self._places.forget(system)

    def _picked(
        self, wire: Wire, table: Table, relation: Relation, row_ids: Iterable[int], *, is_locked: bool
    ) -> dict[int, Row]:
        marks = self._places.find(table.id, relation, row_ids)
        rows = writing.pick(wire, relation, [*marks.values()], is_locked=is_locked)
        found = {relation.place(row): row for row in rows}
        placed = {id_: found.get(relation.place(each)) for id_, each in marks.items()}
        return {id_: row for id_, row in placed.items() if row is not None}

    @contextmanager
    def _wire(self, system: str) -> Generator[Wire]:
        """Open a wire to read by, or take the running transaction's own."""
        if self._store.is_held:
            wire = self._join(system)
            with explained(wire):
                yield wire
            return
        with closing(self._reach.open(system)) as wire, explained(wire):
            yield wire

    @contextmanager
    def _writing(self, table: Table) -> Generator[Wire]:
        with self._store.transaction(), self._wire(table.system) as wire:
            yield wire

    def _join(self, system: str) -> Wire:
        wire = self._joined.get(system)
        if wire is None:
            wire = self._joined[system] = self._reach.open(system, is_read_only=False)
            self._store.join(_Part(wire, partial(self._joined.pop, system, None)))
        return wire


class _Part:
    """A server's part in a transaction of the store."""

    def __init__(self, wire: Wire, leave: partial[Any]) -> None:
        self._wire = wire
        self._leave = leave

    def commit(self) -> None:
        """Commit; ``RefusalError`` where the server does not."""
        with explained(self._wire):
            self._wire.commit()
        self._end()

    def rollback(self) -> None:
        """Undo what was not committed."""
        with suppress(*self._wire.errors):
            self._wire.rollback()
        self._end()

    def _end(self) -> None:
        self._leave()
        self._wire.close()


def _relation(wire: Wire, table: Table) -> Relation:
    relation = nearest(wire.relations(table.name), table.name)
    if relation is None:
        raise RefusalError(422, f"{wire.make} has no table {table.name} any more.", key="unknown_table")
    return relation


def _changes(relation: Relation, held: Row, row: Row) -> Row:
    names = [column.name for column in relation.columns if column.updateable and column.name in row]
    return {name: row[name] for name in names if row[name] != held[name]}


def _definition(wire: Wire, table: Table, column: Column) -> str:
    is_key = column.name == table.key
    return f"{wire.quoted(column.name)} {wire.type_for(column, is_key=is_key)}"
