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
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from polytomic_mcp.sandbox.data.tables.field_types import field_type, is_nested

_EXACT_DIGITS: Final = 15
_PLAIN: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER")
_PLAIN_TOO: Final = ("UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "VARCHAR")

Converter = Callable[[Any], Any]


def reading_sql(name: str, sql_type: str) -> str:
    """Return the SQL that selects a column in the form that ``converters`` expects."""
    base = sql_type.partition("(")[0]
    if is_nested(sql_type):
        return f"CAST(to_json({name}) AS VARCHAR)"
    if base in _PLAIN + _PLAIN_TOO:
        return name
    if base == "BLOB":
        return f"to_base64({name})"
    text = f"CAST({name} AS VARCHAR)"
    if base.startswith("TIMESTAMP"):
        text = f"replace({text}, ' ', 'T')"
    return f"replace({text}, '+00', 'Z')" if base == "TIMESTAMP WITH TIME ZONE" else text


def writing_sql(value: str, sql_type: str) -> str:
    """Return the SQL that converts ``value``, an expression of type JSON, to an SQL type."""
    if is_nested(sql_type):
        return f"CAST({value} AS {sql_type})"
    text = f"({value} ->> '$')"
    return f"from_base64({text})" if sql_type == "BLOB" else f"CAST({text} AS {sql_type})"


def converters(sql_types: Sequence[str]) -> dict[int, Converter]:
    """Return, by position, the converters from Python's to JSON values; most types need none."""
    found = ((index, _converter(sql_type)) for index, sql_type in enumerate(sql_types))
    return {index: converter for index, converter in found if converter is not None}


def converted(row: tuple[Any, ...], convert: dict[int, Converter]) -> tuple[Any, ...]:
    """Return the row with the converters applied to values that are not null."""
    values = list(row)
    for index, converter in convert.items():
        if values[index] is not None:
            values[index] = converter(values[index])
    return tuple(values)


def _converter(sql_type: str) -> Converter | None:
    if is_nested(sql_type):
        return _nested
    if sql_type in ("FLOAT", "DOUBLE"):
        return _float
    return _decimal if field_type(sql_type) == "number" and sql_type.startswith("DECIMAL") else None


def _nested(text: str) -> Any:
    return json.loads(text, parse_float=_nested_number, parse_constant=str)


def _float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"


def exact(text: str) -> float | str:
    """Return a decimal as a number if a double holds all its digits, otherwise as its shortest text."""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    digits = len(text.lstrip("-0.").replace(".", ""))
    return float(text) if digits <= _EXACT_DIGITS else text


def _nested_number(text: str) -> float | str:
    return float(text) if repr(float(text)) == text or "e" in text else exact(text)


def _decimal(value: Decimal) -> float | str:
    return exact(f"{value:f}")
