"""The rows that a target's columns refer to: rows of another table, in the same system or another one."""

from collections.abc import Iterable
from typing import Any

from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.sandbox.data.systems.systems import described, load_systems
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table
from polytomic_mcp.sandbox.data.tables.tables import Tables


class ReferredRows:
    """Finds the rows that a table's columns refer to, after loading those of a chunk of records at once."""

    def __init__(self, tables: Tables, table: Table) -> None:
        self._tables = tables
        self._table = table
        self._rows: dict[str, dict[str, Row]] = {}

    def load(self, wanted: Iterable[tuple[Column, Iterable[Any]]]) -> None:
        """Load the rows that these columns' values refer to; drop all that were loaded before."""
        self._rows = {}
        for column, values in wanted:
            table, key = self.referred_column(column)
            if table is not None and key is not None:
                found = self._tables.find(table, key, set(map(to_text, values)))
                rows = self._rows.setdefault(column.refers_to or "", {})
                rows |= {to_text(row[key.name]): row for row in found.values()}

    def find(self, column: Column, value: Any) -> Row | None:
        """Return the loaded row that a value refers to, the newest of several, or None."""
        return self._rows.get(column.refers_to or "", {}).get(to_text(value))

    def referred_column(self, column: Column) -> tuple[Table | None, Column | None]:
        """Return the table and the column that a column refers to; None for either that does not exist."""
        system, name, key = self._split(column.refers_to or "")
        table = self._tables.get(system, name)
        return table, table and table.column(key)

    def describe_missing(self, column: Column, value: Any) -> str:
        """Return the error for a value that refers to no row."""
        system, name, key = self._split(column.refers_to or "")
        return f"{value} is not known to {described(system).id}: no {name} has that {key}"

    def _split(self, path: str) -> tuple[str, str, str]:
        """Return the system, the object and the column of ``Account.Id`` or ``salesforce.Contact.Id``."""
        name, _, key = path.rpartition(".")
        system, _, rest = name.partition(".")
        return (system, rest, key) if rest and system in load_systems() else (self._table.system, name, key)
