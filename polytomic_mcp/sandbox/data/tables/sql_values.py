"""The JSON form of SQL values, without loss in either direction.

========================  =====================================================================
number, boolean, text     unchanged; integers of any size
NaN, Infinity             text, because JSON has no such numbers
DECIMAL                   a number up to 15 digits, which a double holds exactly; longer ones text
DATE, TIME, TIMESTAMP     ISO 8601, with ``Z`` if the type has a time zone
BLOB                      base64
UUID, INTERVAL, BIT, ...  DuckDB's text
list, struct, map, JSON   arrays and objects
========================  =====================================================================
"""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from polytomic_mcp.sandbox.data.tables.field_types import field_type, is_nested
from polytomic_mcp.sandbox.data.tables.json_columns import JSON, parsed
from polytomic_mcp.sandbox.data.tables.numbers import exact, float_json, json_number, single

_PLAIN: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER")
_PLAIN_TOO: Final = ("UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "VARCHAR")

Converter = Callable[[Any], Any]


def reading_sql(name: str, sql_type: str) -> str:
    """Return the SQL that selects a column in the form that ``converters`` expects."""
    base = sql_type.partition("(")[0]
    if sql_type == JSON:
        return f"CAST({name} AS VARCHAR)"
    if is_nested(sql_type):
        return f"CAST(to_json({name}) AS VARCHAR)"
    if base in _PLAIN + _PLAIN_TOO:
        return name
    if base == "BLOB":
        return f"to_base64({name})"
    text = f"CAST({name} AS VARCHAR)"
    if base == "DATE" or base.startswith("TIMESTAMP"):
        # DuckDB writes BC after the day, PostgreSQL and the JSON form write it last.
        before = f"replace(replace({text}, ' (BC)', ''), ' ', 'T') || ' BC'"
        text = f"(CASE WHEN contains({text}, '(BC)') THEN {before} ELSE replace({text}, ' ', 'T') END)"
    return f"replace({text}, '+00', 'Z')" if base == "TIMESTAMP WITH TIME ZONE" else text


def writing_sql(value: str, sql_type: str) -> str:
    """Return the SQL that converts ``value``, an expression of type JSON, to an SQL type."""
    text = f"({value} ->> '$')"
    if sql_type == JSON:
        return f"coalesce(TRY_CAST({text} AS JSON), {value})"  # text, since another program's rows hold JSON
    if is_nested(sql_type):
        return f"CAST({value} AS {sql_type})"
    if sql_type == "DATE" or sql_type.startswith("TIMESTAMP"):
        before = rf"regexp_replace({text}, '^([-\d]+)(.*) BC$', '\1 (BC)\2')"
        text = f"(CASE WHEN ends_with({text}, ' BC') THEN {before} ELSE {text} END)"
    return f"from_base64({text})" if sql_type == "BLOB" else f"CAST({text} AS {sql_type})"


def converters(sql_types: Sequence[str]) -> dict[int, Converter]:
    """Return, by position, the converters from Python's to JSON values; most types need none."""
    found = ((index, _converter(sql_type)) for index, sql_type in enumerate(sql_types))
    return {index: converter for index, converter in found if converter is not None}


def json_readers(sql_types: Sequence[str]) -> dict[int, Converter]:
    """Return, by position, the converters of JSON columns, whose text is read where the rows are used.

    Their values keep the text that they were written as, which no other process can pass on.
    """
    return {index: parsed for index, sql_type in enumerate(sql_types) if sql_type == JSON}


def converted(row: tuple[Any, ...], convert: dict[int, Converter]) -> tuple[Any, ...]:
    """Return the row with the converters applied to values that are not null."""
    values = list(row)
    for index, converter in convert.items():
        if values[index] is not None:
            values[index] = converter(values[index])
    return tuple(values)


def _converter(sql_type: str) -> Converter | None:
    if sql_type == JSON:
        return None
    if is_nested(sql_type):
        return _nested
    if sql_type == "FLOAT":
        return _single
    if sql_type == "DOUBLE":
        return float_json
    return _decimal if field_type(sql_type) == "number" and sql_type.startswith("DECIMAL") else None


def _nested(text: str) -> Any:
    return json.loads(text, parse_float=json_number, parse_constant=str)


def _single(value: float) -> float | str:
    return float_json(single(value))


def _decimal(value: Decimal) -> float | str:
    return exact(f"{value:f}")
