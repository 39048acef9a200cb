"""SQLite indexes on the values of one column, created on first use.

SQLite updates an index with every write and stores it on disk, so a large table takes no memory. An index
compares as SQLite does; a caller that needs another comparison checks the rows that are found.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from polytomic_mcp.common.scalars import to_number
from polytomic_mcp.sandbox.data.tables.names import quoted
from polytomic_mcp.sandbox.data.tables.table import Column, Table

_TEXTS: Final = frozenset({"string", "datetime"})
_WHOLE: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_LARGEST: Final = 2**63


def is_indexable(column: Column) -> bool:
    """Return whether SQLite compares the column's values as the sandbox does."""
    return column.type in _TEXTS or column.sql_type in _WHOLE


def indexed(connection: sqlite3.Connection, table: Table, column: Column) -> str:
    """Return the part of a query after ``FROM``, up to the comparison with a value of the column."""
    position = table.columns.index(column)
    source = table.rows_id.replace("'", "''")
    value = f"json_extract(body, '$[{position}]'){' COLLATE NOCASE' if column.ignores_case else ''}"
    name = quoted(f"{table.rows_id} by {position}")
    connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON rows ({value}) WHERE source = '{source}'")
    # INDEXED BY, because SQLite would otherwise scan all rows of the table.
    return f"rows INDEXED BY {name} WHERE source = '{source}' AND {value}"


def drop_indexes(connection: sqlite3.Connection, table: Table) -> None:
    """Drop the indexes of a table whose rows are deleted."""
    for position in range(len(table.columns)):
        connection.execute(f"DROP INDEX IF EXISTS {quoted(f'{table.rows_id} by {position}')}")


def spellings(column: Column, values: Iterable[Any]) -> list[Any]:
    """Return every form in which the values may be stored: as text, and as the number that a text spells."""
    found: dict[Any, None] = {}
    for value in values:
        text = str(value).partition("\0")[0]  # SQLite ends a text at a null character
        found[text] = None
        if column.ignores_case and not text.isascii():  # SQLite ignores the case of ASCII letters alone
            found |= dict.fromkeys((text.lower(), text.upper(), text.title()))
        number = to_number(value)
        if number is not None and -_LARGEST <= number < _LARGEST:
            found[number] = None
    return [*found]
