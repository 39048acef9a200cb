"""One system's tables in DuckDB: bounded in memory, locked, and filled again when a table has changed."""

import shutil
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import duckdb

from polytomic_mcp.sandbox.data.tables.names import quoted
from polytomic_mcp.sandbox.data.tables.sql_values import writing_sql
from polytomic_mcp.sandbox.data.tables.tables import Table, Tables

MEMORY: Final = "512MB"
"""What DuckDB may hold in memory; tables and what is sorted go to a private folder beyond that."""

_LOCKED: Final = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
    "max_temp_directory_size": "4GB",
    "memory_limit": MEMORY,
    "threads": 2,
}


def open_locked(folder: str = "") -> duckdb.DuckDBPyConnection:
    """Open an empty DuckDB that can reach no file and no network, and whose settings stay as they are.

    Only DuckDB's own temporary files go to ``folder``; without one there are none.
    """
    spill = str(Path(folder, "spill")) if folder else ""
    connection = duckdb.connect(":memory:", config={**_LOCKED, "temp_directory": spill})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


class Database:
    """The tables of one system, as DuckDB's tables named by their names."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        folder = tempfile.mkdtemp(prefix="polytomic-sandbox-")
        self._connection = open_locked(folder)
        # Nobody has to close a sandbox in a test, so the folder goes with this object, without a warning.
        self._remove_folder = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._loaded: dict[str, int] = {}

    def refresh(self, tables: Iterable[Table]) -> None:
        """Load those of the tables that changed since they were loaded."""
        with self._tables.held():
            for table in tables:
                version = self._tables.version(table)
                if self._loaded.get(table.id) != version:
                    self._load(table)
                    self._loaded[table.id] = version

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the same tables."""
        return self._connection.cursor()

    def close(self) -> None:
        """Let go of the memory and of the folder."""
        self._connection.close()
        self._remove_folder()

    def _load(self, table: Table) -> None:
        columns = ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in table.columns)
        values = ", ".join(
            writing_sql(f"v[{index}]", column.sql_type) for index, column in enumerate(table.columns, 1)
        )
        name = quoted(table.name)
        # One JSON text a chunk is the fastest way in without a data frame: 100,000 rows in half a second.
        insert = f"INSERT INTO {name} SELECT {values} FROM (SELECT unnest(from_json(?, '[[\"JSON\"]]')) AS v)"  # noqa: S608 - quoted
        with self._connection.cursor() as cursor:
            cursor.begin()
            cursor.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
            for bodies in self._tables.read_bodies(table):
                cursor.execute(insert, [f"[{','.join(bodies)}]"])
            cursor.commit()
