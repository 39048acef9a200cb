"""SQL over a system's tables: read-only, bounded in time, rows and memory."""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import duckdb

from polytomic_mcp.sandbox.common.times import Clock, utc_now
from polytomic_mcp.sandbox.data.sql.database import MEMORY, Database
from polytomic_mcp.sandbox.data.sql.statement import Catalog, QueryError, Statement, prepare
from polytomic_mcp.sandbox.data.systems.systems import described
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.names import distinct
from polytomic_mcp.sandbox.data.tables.sql_values import converted, converters, reading_sql
from polytomic_mcp.sandbox.data.tables.tables import Column, Tables

__all__ = ["Engine", "QueryError", "Result", "Stream"]

_BATCH: Final = 10_000

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a query; ``is_truncated`` says that there were more than the limit."""

    columns: tuple[Column, ...]
    rows: list[Values]
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A query that is being read: its columns, and its rows as they come."""

    columns: tuple[Column, ...]
    rows: Iterator[Values]


class Engine:
    """Runs queries; every value of a row is a JSON value, as ``values`` says.

    ``dialect`` is sqlglot's name for the SQL, ``database`` what a three-part name has to start with;
    it is as late as ``clock`` says.
    A query that cannot run raises ``QueryError``.
    """

    def __init__(self, tables: Tables, clock: Clock = utc_now) -> None:
        self._tables = tables
        self._clock = clock
        self._databases: dict[str, Database] = {}
        self._lock = threading.Lock()

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
        """Run a query and return ``limit`` of its rows at most."""
        with self.stream(system, sql, dialect=dialect, seconds=seconds, database=database) as stream:
            rows = list(islice(stream.rows, limit + 1))
        return Result(stream.columns, rows[:limit], len(rows) > limit)

    @contextmanager
    def stream(
        self, system: str, sql: str, *, dialect: str, seconds: float = 60, database: str | None = None
    ) -> Generator[Stream]:
        """Run a query and read it batch by batch; ``seconds`` counts what DuckDB takes, not the reader."""
        catalog = Catalog(system, self._tables.list(system), database, described(system).language.schema)
        statement = prepare(sql, dialect, catalog, self._clock())
        source = self._database(system)
        with _explained(seconds):
            source.refresh(statement.tables)
            with source.cursor() as cursor:
                yield _open(cursor, statement, _Budget(cursor, seconds))

    def close(self) -> None:
        """Let go of every database."""
        with self._lock:
            for database in self._databases.values():
                database.close()
            self._databases.clear()

    def _database(self, system: str) -> Database:
        with self._lock:
            if system not in self._databases:
                self._databases[system] = Database(self._tables)
            return self._databases[system]


class _Budget:
    """Seconds that a query may spend in DuckDB; interrupts it when they are gone."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._cursor = cursor
        self._left = seconds

    @contextmanager
    def spend(self) -> Generator[None]:
        """Count the time inside the block."""
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(done,), daemon=True)
        started = time.monotonic()
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()
            self._left -= time.monotonic() - started

    def _watch(self, done: threading.Event) -> None:
        # Again and again: an interrupt between two of DuckDB's steps is lost.
        wait = max(self._left, 0)
        while not done.wait(wait):
            self._cursor.interrupt()
            wait = 0.02


def _open(cursor: duckdb.DuckDBPyConnection, statement: Statement, budget: _Budget) -> Stream:
    cursor.execute("BEGIN TRANSACTION READ ONLY")
    with budget.spend():
        described = cursor.execute(f"DESCRIBE {statement.sql}").fetchall()
    sql_types = [sql_type for _, sql_type, *_ in described]
    names = [f"c{index}" for index in range(len(described))]
    values = ", ".join(map(reading_sql, names, sql_types))
    with budget.spend():
        cursor.execute(f"SELECT {values} FROM ({statement.sql}) AS q({', '.join(names)})")  # noqa: S608 - prepared
    written = statement.names or [name for name, *_ in described]
    columns = tuple(
        Column(name, field_type(sql_type), sql_type)
        for name, sql_type in zip(distinct(written), sql_types, strict=True)
    )
    return Stream(columns, chain.from_iterable(_batches(cursor, budget, sql_types)))


def _batches(
    cursor: duckdb.DuckDBPyConnection, budget: _Budget, sql_types: list[str]
) -> Iterator[list[Values]]:
    convert = converters(sql_types)
    while True:
        with budget.spend():
            batch: list[Values] = cursor.fetchmany(_BATCH)
        if not batch:
            return
        yield [converted(row, convert) for row in batch] if convert else batch


@contextmanager
def _explained(seconds: float) -> Generator[None]:
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryError(f"The query took longer than {seconds:g} s; narrow it down") from error
    except duckdb.OutOfMemoryException as error:
        raise QueryError(f"The query needs more than {MEMORY} of memory; narrow it down") from error
    except duckdb.Error as error:
        # DuckDB shows its own dialect after a blank line; the caller wrote another.
        raise QueryError(str(error).partition("\n\n")[0]) from error
