"""The types that a user declared for the fields added to a model (``additional_fields``)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.tables.conversion import ConversionError, Converter, converter_for
from polytomic_mcp.sandbox.data.tables.table import Column, Row

_SQL_TYPES: Final = {
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "array": "JSON",
    "object": "JSON",
}


def declared_columns(model: JsonObject, source: Sequence[Column], columns: Sequence[Column]) -> list[Column]:
    """Return the columns of a model; those with a declared type that is not the source's get that one."""
    types = {column.name.casefold(): column.type for column in source}
    added = {field["name"] for field in model["fields"] if field["user_added"]}
    return [
        replace(column, sql_type=_SQL_TYPES.get(column.type, "VARCHAR"))
        if column.name in added and types.get(column.name.casefold(), column.type) != column.type
        else column
        for column in columns
    ]


def typed_rows(rows: Iterator[Row], columns: Sequence[Column], declared: Sequence[Column]) -> Iterator[Row]:
    """Return rows with values of the declared types; a value that does not fit one stays as it is."""
    converters = {
        new.name: converter_for(new) for old, new in zip(columns, declared, strict=True) if old is not new
    }
    return (_typed(row, converters) for row in rows) if converters else rows


def _typed(row: Row, converters: Mapping[str, Converter]) -> Row:
    return row | {name: _converted(row[name], convert) for name, convert in converters.items()}


def _converted(value: Any, convert: Converter) -> Any:
    try:
        return None if value is None else convert(value)
    except ConversionError:
        return value
