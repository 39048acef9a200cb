"""What the columns of a table refer to: rows of another table, in the same system or in another one."""

from typing import Any

from polytomic_mcp.sandbox.conversion import to_text
from polytomic_mcp.sandbox.systems import load_systems
from polytomic_mcp.sandbox.table import Column, Row, Table
from polytomic_mcp.sandbox.tables import Tables


class References:
    """Looks up the rows that a table's columns refer to; each table is read once."""

    def __init__(self, tables: Tables, table: Table) -> None:
        self._tables = tables
        self._table = table
        self._rows: dict[str, dict[str, Row]] = {}

    def find(self, column: Column, value: Any) -> Row | None:
        """Return the row that a value of the column refers to, or None where there is none."""
        path = column.refers_to or ""
        if path not in self._rows:
            self._rows[path] = self._read(path)
        return self._rows[path].get(to_text(value))

    def objection(self, column: Column, value: Any) -> str:
        """Return the sentence for a value that refers to nothing."""
        system, name, key = self._parts(column.refers_to or "")
        return f"{value} is not known to {system}: no {name} has that {key}"

    def _read(self, path: str) -> dict[str, Row]:
        system, name, key = self._parts(path)
        table = self._tables.get(system, name)
        rows = (row for _, row in self._tables.read(table)) if table else ()
        return {to_text(row[key]): row for row in rows if row.get(key) is not None}

    def _parts(self, path: str) -> tuple[str, str, str]:
        """Return the system, the object and the column of ``Account.Id`` or ``salesforce.Contact.Id``."""
        name, _, key = path.rpartition(".")
        system, _, rest = name.partition(".")
        return (system, rest, key) if rest and system in load_systems() else (self._table.system, name, key)
