"""Queries that DuckDB runs over the tables of the sandbox's store: read-only, limited in time and memory."""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Final

import duckdb

from polytomic_mcp.sandbox.common.times import Clock
from polytomic_mcp.sandbox.data.sql.backend import QueryError, Stream, Values
from polytomic_mcp.sandbox.data.sql.database import MEMORY, Database
from polytomic_mcp.sandbox.data.sql.statement import Catalog, Statement, prepare
from polytomic_mcp.sandbox.data.systems.systems import described
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.names import distinct
from polytomic_mcp.sandbox.data.tables.sql_values import converted, converters, json_readers, reading_sql
from polytomic_mcp.sandbox.data.tables.tables import Column, Tables

_BATCH: Final = 10_000


class DuckDBQueries:
    """Implements ``QueryBackend`` with one database for each system; ``clock`` sets the time queries see."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._databases: dict[str, Database] = {}
        self._lock = threading.Lock()

    @contextmanager
    def stream(
        self, system: str, sql: str, *, dialect: str, seconds: float, database: str | None
    ) -> Generator[Stream]:
        """Run a query and read it batch by batch; ``seconds`` limits DuckDB's time, not the reader's."""
        catalog = Catalog(system, self._tables.list(system), database, described(system).language.schema)
        statement = prepare(sql, dialect, catalog, self._clock())
        source = self._database(system)
        with _translate_errors(seconds):
            source.refresh(statement.tables)
            with source.cursor() as cursor:
                yield _open(cursor, statement, _TimeBudget(cursor, seconds))

    def close(self) -> None:
        """Close every database."""
        with self._lock:
            for database in self._databases.values():
                database.close()
            self._databases.clear()

    def _database(self, system: str) -> Database:
        with self._lock:
            if system not in self._databases:
                self._databases[system] = Database(self._tables)
            return self._databases[system]


class _TimeBudget:
    """The seconds that a query may spend in DuckDB; the query is interrupted when they are used up."""

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
        # Repeated, because DuckDB loses an interrupt that arrives between two of its steps.
        wait = max(self._left, 0)
        while not done.wait(wait):
            self._cursor.interrupt()
            wait = 0.02


def _open(cursor: duckdb.DuckDBPyConnection, statement: Statement, budget: _TimeBudget) -> Stream:
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
    cursor: duckdb.DuckDBPyConnection, budget: _TimeBudget, sql_types: list[str]
) -> Iterator[list[Values]]:
    convert = converters(sql_types) | json_readers(sql_types)
    while True:
        with budget.spend():
            batch: list[Values] = cursor.fetchmany(_BATCH)
        if not batch:
            return
        yield [converted(row, convert) for row in batch] if convert else batch


@contextmanager
def _translate_errors(seconds: float) -> Generator[None]:
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryError(
            f"The query took longer than {seconds:g} s; narrow it down with WHERE or LIMIT."
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise QueryError(
            f"The query needs more than {MEMORY} of memory; narrow it down with WHERE or LIMIT."
        ) from error
    except duckdb.Error as error:
        # DuckDB quotes the query after a blank line, in its own dialect; the caller wrote another.
        raise QueryError(str(error).partition("\n\n")[0]) from error
