"""DuckDB in the process that runs queries: limited in memory, and locked."""

import re
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import duckdb

from polytomic_mcp.sandbox.data.sql.process import frames
from polytomic_mcp.sandbox.data.tables.sql_values import converters, reading_sql

_LOCKED: Final = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
    "max_temp_directory_size": "4GB",
    "memory_limit": "512MB",
    "threads": 2,
}
"""Beyond the memory limit, tables and sorts spill to a private folder; the parent limits the process."""

_BATCH: Final = 10_000
_FIRST_BATCH: Final = 1_000
_BATCH_BYTES: Final = 1024 * 1024

MEMORY: Final = "memory"
DISK: Final = "disk"
ROW: Final = "row"
OTHER: Final = "other"
"""Why a command failed."""

_PART: Final = re.compile(r"^([A-Z][A-Za-z-]+ )+Error: ")


def open_locked(folder: str) -> duckdb.DuckDBPyConnection:
    """Open an empty DuckDB without access to files or the network, whose settings cannot be changed.

    It writes its temporary files to ``folder``.
    """
    connection = duckdb.connect(":memory:", config={**_LOCKED, "temp_directory": str(Path(folder, "spill"))})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


class Query:
    """A running query: ``columns`` are the names and types of its columns, as ``DESCRIBE`` reports them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        self._cursor = connection.cursor()
        self._cursor.execute("BEGIN TRANSACTION READ ONLY")
        described = self._cursor.execute(f"DESCRIBE {sql}").fetchall()
        self.columns: list[tuple[str, str]] = [(name, sql_type) for name, sql_type, *_ in described]
        sql_types = [sql_type for _, sql_type in self.columns]
        names = [f"c{index}" for index in range(len(sql_types))]
        values = ", ".join(map(reading_sql, names, sql_types))
        self._cursor.execute(f"SELECT {values} FROM ({sql}) AS q({', '.join(names)})")  # noqa: S608 - prepared
        self._convert = converters(sql_types)
        self._size = _FIRST_BATCH
        self._waiting: list[bytes] = []

    def next(self) -> bytes:
        """Return the next rows as JSON, of about a megabyte; an empty list after the last one.

        The JSON is a list of columns, each a list of its values: it is shorter and is read faster than rows.

        Raises:
            ValueError: A row does not fit into a frame.
        """
        if not self._waiting:
            self._waiting = [*self._frames(self._cursor.fetchmany(self._size))][::-1]
            largest = max(map(len, self._waiting))
            self._size = min(_BATCH, max(1, self._size * _BATCH_BYTES // largest))
        return self._waiting.pop()

    def close(self) -> None:
        """End the query."""
        self._cursor.close()

    def _frames(self, rows: list[tuple[Any, ...]]) -> Iterable[bytes]:
        """Yield the rows in as few frames as hold them."""
        content = frames.encoded([*map(self._column, count(), zip(*rows, strict=True))])
        if len(content) <= frames.LARGEST:
            yield content
            return
        if len(rows) == 1:
            raise ValueError(f"A row has {len(content)} bytes.")
        middle = len(rows) // 2
        yield from self._frames(rows[:middle])
        yield from self._frames(rows[middle:])

    def _column(self, index: int, values: Sequence[Any]) -> Sequence[Any]:
        convert = self._convert.get(index)
        return [None if each is None else convert(each) for each in values] if convert else values


def failure(error: Exception) -> tuple[str, str]:
    """Return why a command failed, and DuckDB's words for it."""
    kinds: Iterable[tuple[type[Exception], str]] = (
        (duckdb.OutOfMemoryException, MEMORY),
        (MemoryError, MEMORY),
        (duckdb.IOException, DISK),
        (duckdb.Error, OTHER),
    )
    kind = next((kind for type_, kind in kinds if isinstance(error, type_)), ROW)
    # DuckDB begins with the name of its own part that failed, and quotes the query, in its own dialect, after
    # a blank line; the caller wrote another one.
    return kind, _PART.sub("", str(error).partition("\n\n")[0])
