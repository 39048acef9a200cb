"""All tables and all queries of a sandbox: its own, and those of the real servers behind connections."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, Final

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.common.times import Clock
from polytomic_mcp.sandbox.data.servers.reach import WEBHOOK, Reach, explained
from polytomic_mcp.sandbox.data.servers.tables import ServerTables
from polytomic_mcp.sandbox.data.servers.webhook import WebhookTables
from polytomic_mcp.sandbox.data.sql.engine import Engine, Stream
from polytomic_mcp.sandbox.data.sql.statement import QueryError, read_only
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table
from polytomic_mcp.sandbox.data.tables.tables import Seed, Tables

_CHUNK: Final = 2_000


class AllTables(Tables):
    """A system whose key has an ``@`` is a connection's own server; all others are the sandbox's.

    Rows that are gathered aside for a server's table are kept in the store until they are swapped in.
    """

    def __init__(self, store: Store, seed: Seed, reach: Reach, now: Callable[[], str]) -> None:
        super().__init__(store, seed)
        self._databases = ServerTables(store, reach)
        self._webhooks = WebhookTables(store, reach, now)

    def list(self, system: str) -> "list[Table]":
        """Return the system's tables."""
        server = self._server(system)
        return super().list(system) if server is None else server.list(system)

    def get(self, system: str, name: str) -> Table | None:
        """Return the table, or None where there is none."""
        server = self._server(system)
        return super().get(system, name) if server is None else server.get(system, name)

    def create(self, table: Table) -> None:
        """Create an empty table."""
        server = self._behind(table)
        return super().create(table) if server is None else server.create(table)

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        """Append columns and return the table as it is now."""
        server = self._behind(table)
        return super().add_columns(table, columns) if server is None else server.add_columns(table, columns)

    def drop(self, table: Table) -> None:
        """Remove the table."""
        server = self._behind(table)
        return super().drop(table) if server is None else server.drop(table)

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows, where none is to be written back."""
        server = self._behind(table)
        return super().rows(table) if server is None else server.rows(table)

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        """Yield row ids and rows."""
        server = self._behind(table)
        return super().read(table) if server is None else server.read(table)

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        """Return the rows of these row ids, those that are there."""
        server = self._behind(table)
        return super().pick(table, row_ids) if server is None else server.pick(table, row_ids)

    def finds(self, table: Table, column: Column) -> bool:
        """Say whether ``find`` can look for values of the column."""
        server = self._behind(table)
        return super().finds(table, column) if server is None else server.finds(table, column)

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        """Return rows by row id, all that hold one of the values and perhaps some more."""
        server = self._behind(table)
        return super().find(table, column, values) if server is None else server.find(table, column, values)

    def insert(self, table: Table, rows: Iterable[Row]) -> Sequence[int]:
        """Append rows and return the row ids they got."""
        server = self._behind(table)
        return super().insert(table, rows) if server is None else server.insert(table, rows)

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        """Replace whole rows by their row ids."""
        server = self._behind(table)
        return super().update(table, rows) if server is None else server.update(table, rows)

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        """Remove rows by their row ids."""
        server = self._behind(table)
        return super().delete(table, row_ids) if server is None else server.delete(table, row_ids)

    def clear(self, table: Table) -> None:
        """Remove every row."""
        server = self._behind(table)
        return super().clear(table) if server is None else server.clear(table)

    def swap(self, table: Table, staged: Table) -> None:
        """Put the rows of ``staged`` in place of the table's, a chunk in memory at a time."""
        if self._behind(table) is None:
            super().swap(table, staged)
            return
        rows = self.rows(staged)
        with self.held():
            self.clear(table)
            while chunk := list(islice(rows, _CHUNK)):
                self.insert(table, chunk)
            self.discard(staged)

    def count(self, table: Table) -> int:
        """Return how many rows there are."""
        server = self._behind(table)
        return super().count(table) if server is None else server.count(table)

    def version(self, table: Table) -> int:
        """Return a number that every write changes."""
        server = self._behind(table)
        return super().version(table) if server is None else server.version(table)

    def forget(self, system: str) -> None:
        """Forget what was known of the server of a connection that is deleted."""
        self._databases.forget(system)

    def _behind(self, table: Table) -> ServerTables | WebhookTables | None:
        return None if table.source else self._server(table.system)

    def _server(self, system: str) -> ServerTables | WebhookTables | None:
        if "@" not in system:
            return None
        return self._webhooks if system.startswith(f"{WEBHOOK}@") else self._databases


class AllQueries(Engine):
    """Queries on the sandbox's tables, and on the servers of connections, which run them themselves."""

    def __init__(self, tables: Tables, reach: Reach, clock: Clock) -> None:
        super().__init__(tables, clock)
        self._reach = reach

    @contextmanager
    def stream(
        self, system: str, sql: str, *, dialect: str, seconds: float = 60, database: str | None = None
    ) -> Generator[Stream]:
        """Run a query and read it batch by batch; a server may take ``seconds`` for each batch."""
        if "@" not in system:
            with super().stream(system, sql, dialect=dialect, seconds=seconds, database=database) as stream:
                yield stream
            return
        try:
            with closing(self._reach.open(system, seconds=seconds)) as wire, explained(wire):
                yield wire.query(read_only(sql, dialect))
        except RefusalError as refusal:
            raise QueryError(refusal.message) from refusal
