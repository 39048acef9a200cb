"""CSV files whose first lines are no data: ``skip_lines`` of a model, or else of its connection.

The schemas of the connection types say that the first lines of each CSV file are skipped. That the one that
follows names the columns is a guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.sample_company.rows import FILE
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.names import distinct
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table

_SETTING: Final = "skip_lines"
_NONE: Final = ("", None)


def lines_to_skip(table: Table, connection: JsonObject, configuration: Mapping[str, Any]) -> int:
    """Return how many lines of a table's file are no data; 0 if it is no CSV file.

    Raises:
        QueryError: If the setting is not a number.
    """
    if table.kind != FILE or not table.name.casefold().endswith(".csv"):
        return 0
    given = configuration.get(_SETTING)
    value: Any = connection["configuration"].get(_SETTING) if given in _NONE else given
    if value in _NONE:
        return 0
    if isinstance(value, bool) or not str(value).lstrip("-").isdecimal():
        raise QueryError(f"{_SETTING} must be a whole number, such as 1.")
    return max(int(value), 0)


def without_lines(table: Table, rows: Iterator[Row], count: int) -> tuple[tuple[Column, ...], Iterator[Row]]:
    """Return the columns and rows of a CSV file without its first lines, of which the table's names are one.

    Raises:
        QueryError: If the file has no more lines than these.
    """
    header = next(islice(rows, count - 1, None), None)
    if header is None:
        raise QueryError(f"File {table.name} has at most {count} lines. Skip fewer with {_SETTING}.")
    old = [column.name for column in table.columns]
    names = distinct("" if header[name] is None else str(header[name]) for name in old)
    pairs = list(zip(names, table.columns, strict=True))
    columns = tuple(replace(column, name=name, label=name) for name, column in pairs)
    return columns, ({name: row[column.name] for name, column in pairs} for row in rows)
