"""Queries over every system of a workspace, whichever backend runs them."""

from contextlib import AbstractContextManager
from itertools import islice
from typing import Final

from polytomic_mcp.sandbox.common.times import Clock, utc_now
from polytomic_mcp.sandbox.data.sql.backend import QueryBackend, Result, Stream
from polytomic_mcp.sandbox.data.sql.duckdb_queries import DuckDBQueries
from polytomic_mcp.sandbox.data.sql.process.limits import Limits
from polytomic_mcp.sandbox.data.tables.backend import server_type
from polytomic_mcp.sandbox.data.tables.tables import Tables

_LIMITS: Final = Limits()


class Engine:
    """Runs queries on DuckDB, or on the real server behind a connection if the system's key names one.

    ``clock`` sets the time that a query on DuckDB sees, ``limits`` what it may take. A query that cannot
    run raises ``QueryError``.
    """

    def __init__(
        self,
        tables: Tables,
        clock: Clock = utc_now,
        servers: QueryBackend | None = None,
        limits: Limits = _LIMITS,
    ) -> None:
        self._own = DuckDBQueries(tables, clock, limits)
        self._servers = servers or self._own

    def query(
        self,
        system: str,
        sql: str,
        *,
        dialect: str,
        limit: int = 1_000,
        seconds: float = 10,
        database: str | None = None,
    ) -> Result:
        """Run a query and return up to ``limit`` of its rows."""
        with self.stream(system, sql, dialect=dialect, seconds=seconds, database=database) as stream:
            rows = list(islice(stream.rows, limit + 1))
        return Result(stream.columns, rows[:limit], len(rows) > limit)

    def stream(
        self, system: str, sql: str, *, dialect: str, seconds: float = 60, database: str | None = None
    ) -> AbstractContextManager[Stream]:
        """Run a query and read it batch by batch inside the block, as ``QueryBackend.stream`` does."""
        backend = self._servers if server_type(system) else self._own
        return backend.stream(system, sql, dialect=dialect, seconds=seconds, database=database)

    def close(self) -> None:
        """End the processes that run DuckDB."""
        self._own.close()
