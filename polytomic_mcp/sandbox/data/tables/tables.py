"""Every table of a workspace, whichever backend stores it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, Final

from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.backend import TableBackend, server_type
from polytomic_mcp.sandbox.data.tables.sqlite_tables import SqliteTables
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

__all__ = ["STAGING", "Column", "Row", "Table", "Tables"]

STAGING: Final = "aside/"
"""Prefix of the ``source`` of rows that a run collects before they replace a table's; no id has it."""

OwnName = Callable[[str, str], str]
"""Returns the id of the object that a name stands for, given the key of its system and the name."""

LoadSamples = Callable[["Tables", str], None]
"""Inserts the sample data of a system, given by its key."""

_NO_SERVERS: Final[Mapping[str, TableBackend]] = MappingProxyType({})


def _as_given(system: str, name: str) -> str:
    del system
    return name


def _no_samples(tables: "Tables", system: str) -> None:
    del tables, system


class Tables:
    """Finds the backend of a system or table and delegates to it; ``TableBackend`` documents the methods.

    ``servers`` holds the backends of real servers by connection type; all other systems are in ``store``.
    ``load_samples`` is called once for each of those, on first use. Names are matched in any case, and
    ``own_name`` resolves aliases.
    """

    def __init__(
        self,
        store: Store,
        load_samples: LoadSamples = _no_samples,
        servers: Mapping[str, TableBackend] = _NO_SERVERS,
        own_name: OwnName = _as_given,
    ) -> None:
        self._store = store
        self._own = SqliteTables(store, lambda system: load_samples(self, system))
        self._servers = servers
        self._own_name = own_name

    def locked(self) -> AbstractContextManager[object]:
        """Return a context in which no other thread changes a row of the store."""
        return self._store.transaction()

    def list(self, system: str) -> "list[Table]":
        return self._backend(system).list(system)

    def get(self, system: str, name: str) -> Table | None:
        return self._backend(system).get(system, self._own_name(system, name))

    def create(self, table: Table) -> None:
        self._of(table).create(table)

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        return self._of(table).add_columns(table, columns)

    def drop(self, table: Table) -> None:
        self._of(table).drop(table)

    def rows(self, table: Table) -> Iterator[Row]:
        return self._of(table).rows(table)

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        return self._of(table).read(table)

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        return self._of(table).pick(table, row_ids)

    def can_find(self, table: Table, column: Column) -> bool:
        return self._of(table).can_find(table, column)

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        return self._of(table).find(table, column, values)

    def insert(self, table: Table, rows: Iterable[Row]) -> Sequence[int]:
        return self._of(table).insert(table, rows)

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        self._of(table).update(table, rows)

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        self._of(table).delete(table, row_ids)

    def clear(self, table: Table) -> None:
        self._of(table).clear(table)

    def count(self, table: Table) -> int:
        return self._of(table).count(table)

    def version(self, table: Table) -> int:
        return self._of(table).version(table)

    def release(self, system: str) -> None:
        self._backend(system).release(system)

    def replace_rows(self, table: Table, staged: Table) -> None:
        """Replace the rows of a table in the store with those of ``staged``, which was never created."""
        self._own.replace_rows(table, staged)

    def staged_rows(self, staged: Table) -> Iterator[Row]:
        """Yield the rows of a table in the store that was never created."""
        return self._own.rows(staged)

    def discard(self, staged: Table) -> None:
        """Delete the rows of a table in the store that was never created."""
        self._own.discard(staged)

    def bodies(self, table: Table) -> Iterator[Sequence[str]]:
        """Yield the rows of a table in the store in chunks, as JSON arrays that may lack the last columns."""
        return self._own.bodies(table)

    def insert_select(self, table: Table, select: str, values: str) -> None:
        """Append rows to a table in the store: JSON arrays that SQLite's ``select`` makes of ``values``."""
        self._own.insert_select(table, select, values)

    def _of(self, table: Table) -> TableBackend:
        return self._own if table.source else self._backend(table.system)

    def _backend(self, system: str) -> TableBackend:
        type_id = server_type(system)
        return self._own if type_id is None else self._servers[type_id]
