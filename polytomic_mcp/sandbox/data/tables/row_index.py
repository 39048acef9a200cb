"""Rows found by the value of one column: an index of SQLite's, made when somebody first looks.

SQLite keeps it with every write, whoever writes, and on disk, so that a table of any size takes no
memory. It compares as SQLite does; who needs more looks at the rows that come.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from polytomic_mcp.sandbox.data.tables.conversion import to_number
from polytomic_mcp.sandbox.data.tables.names import quoted
from polytomic_mcp.sandbox.data.tables.table import Column, Table

_TEXTS: Final = frozenset({"string", "datetime"})
_WHOLE: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_LARGEST: Final = 2**63


def is_indexable(column: Column) -> bool:
    """Say whether SQLite tells the column's values apart as they are told apart here."""
    return column.type in _TEXTS or column.sql_type in _WHOLE


def indexed(connection: sqlite3.Connection, table: Table, column: Column) -> str:
    """Return the rows as ``FROM`` takes them, up to what a value of the column is to be compared with."""
    position = table.columns.index(column)
    source = table.rows_id.replace("'", "''")
    value = f"json_extract(body, '$[{position}]')"
    name = quoted(f"{table.rows_id} by {position}")
    connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON rows ({value}) WHERE source = '{source}'")
    # By name, or SQLite would rather walk through all rows of the table.
    return f"rows INDEXED BY {name} WHERE source = '{source}' AND {value}"


def drop_indexes(connection: sqlite3.Connection, table: Table) -> None:
    """Remove the indexes of a table whose rows are gone."""
    for position in range(len(table.columns)):
        connection.execute(f"DROP INDEX IF EXISTS {quoted(f'{table.rows_id} by {position}')}")


def spellings(values: Iterable[Any]) -> list[Any]:
    """Return all that the values may be stored as: a text and the whole number it spells are one."""
    found: dict[Any, None] = {}
    for value in values:
        text = str(value)
        found[text.partition("\0")[0]] = None  # where SQLite takes the end of a text to be
        number = to_number(value)
        if number is not None and -_LARGEST <= number < _LARGEST:
            found[number] = None
    return [*found]
