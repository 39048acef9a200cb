"""Conversion of values to the type of a column."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from polytomic_mcp.common.scalars import to_boolean, to_moment, to_number, to_text
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.data.tables.sql_values import exact
from polytomic_mcp.sandbox.data.tables.table import Column

Converter = Callable[[Any], Any]
"""Converts a value that is not null to a column's type; raises ``ConversionError``."""

_INTEGER_BITS: Final = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_LONGEST_SHOWN: Final = 60


class ConversionError(ValueError):
    """A value does not fit its column; the text names both."""


def converter_for(column: Column) -> Converter:
    """Return the function that converts values to the column's type.

    A string column accepts every value; a number column, numbers and their texts within its range; a datetime
    column, ISO 8601 texts; a boolean column, what ``to_boolean`` accepts.
    """
    if column.values:
        return _to_choice(column)
    if column.type == "string":
        return to_text
    convert = _CONVERTERS.get(column.type)
    if convert is None:
        return _keep

    def checked(value: Any) -> Any:
        converted = convert(column, value)
        if converted is None:
            shown = json.dumps(value, ensure_ascii=False)[:_LONGEST_SHOWN]
            raise ConversionError(
                f"{shown} does not fit {column.name}, which is of type {column.type} ({column.sql_type})"
            )
        return converted

    return checked


def _to_choice(column: Column) -> Converter:
    known = {choice.value for choice in column.values}

    def checked(value: Any) -> str:
        text = to_text(value)
        if text not in known:
            raise ConversionError(unknown(f"{column.name} value", text, sorted(known)))
        return text

    return checked


def _keep(value: Any) -> Any:
    return value


def _to_number(column: Column, value: Any) -> int | float | str | None:
    number = to_number(value)
    if number is None:
        return None
    if bits := _INTEGER_BITS.get(column.sql_type):
        is_whole = float(number).is_integer()
        return int(number) if is_whole and -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None
    if decimal := _DECIMAL.fullmatch(column.sql_type):
        width, scale = int(decimal[1]), int(decimal[2])
        if abs(number) >= 10 ** (width - scale):
            return None
        is_spelled = isinstance(value, str) and isinstance(number, float)
        return exact(f"{Decimal(value):f}") if is_spelled else number
    return number


def _to_moment(column: Column, value: Any) -> str | None:
    moment = to_moment(value)
    if moment is None:
        return None
    if column.sql_type == "DATE":
        return moment.date().isoformat()
    if "TIME ZONE" in column.sql_type or column.sql_type == "TIMESTAMPTZ":
        return moment.isoformat().replace("+00:00", "Z")
    return moment.replace(tzinfo=None).isoformat()


def _to_boolean(_column: Column, value: Any) -> bool | None:
    return to_boolean(value)


def _to_array(_column: Column, value: Any) -> Any:
    return _parsed(value, list)


def _to_object(_column: Column, value: Any) -> Any:
    return _parsed(value, dict)


def _parsed(value: Any, kind: type) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, kind) else None


_CONVERTERS: Final[dict[str, Callable[[Column, Any], Any]]] = {
    "number": _to_number,
    "datetime": _to_moment,
    "boolean": _to_boolean,
    "array": _to_array,
    "object": _to_object,
}
