"""Conversion of values to the type of a column: a value fits as it is, or not at all."""

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from polytomic_mcp.common.scalars import to_boolean
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.data.tables import json_columns, moments
from polytomic_mcp.sandbox.data.tables.native_limits import is_mysql, is_mysql_date, is_zero_date, limit_of
from polytomic_mcp.sandbox.data.tables.numbers import (
    NOT_FINITE,
    decimal_bounds,
    exact,
    fits_decimal,
    is_double,
    is_single,
    plain,
    to_decimal,
)
from polytomic_mcp.sandbox.data.tables.table import Column

Converter = Callable[[Any], Any]
"""Converts a value that is not null to a column's type; raises ``ConversionError``."""

_SIGNED_BITS: Final = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
_UNSIGNED_BITS: Final = {f"U{name}": bits for name, bits in _SIGNED_BITS.items()}
_UNBOUNDED: Final = "DECIMAL"
_LONGEST_SHOWN: Final = 60


class ConversionError(ValueError):
    """A value does not fit its column; the text names both."""


def converter_for(column: Column) -> Converter:
    """Return the function that converts values to the column's type.

    A string column accepts every value; a number column, numbers and their texts that it holds with all
    digits; a datetime column, ISO 8601 texts that it holds to the last digit; a boolean column, what
    ``to_boolean`` accepts. A server's column accepts what the server would store unchanged.
    """
    convert = _to_choice(column) if column.values else _CONVERTERS.get(column.type, _keep)
    limit = limit_of(column.native)

    def checked(value: Any) -> Any:
        converted = convert(column, value)
        if converted is None or (limit is not None and not limit(converted)):
            raise ConversionError(_refusal(column, value))
        return converted

    return checked


def _refusal(column: Column, value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)[:_LONGEST_SHOWN]
    type_ = column.native.partition(":")[2] or column.sql_type
    return f"{shown} does not fit {column.name}, which is of type {column.type} ({type_})"


def _to_choice(column: Column) -> Callable[[Column, Any], str]:
    known = {choice.value for choice in column.values}

    def checked(_column: Column, value: Any) -> str:
        text = json_columns.as_text(value)
        if text not in known:
            raise ConversionError(unknown(f"{column.name} value", text, sorted(known)))
        return text

    return checked


def _keep(_column: Column, value: Any) -> Any:
    return value


def _to_text(_column: Column, value: Any) -> str:
    return json_columns.as_text(value)


def _to_number(column: Column, value: Any) -> int | float | str | None:
    if isinstance(value, str) and value in NOT_FINITE:
        return value if _holds_infinity(column) else None
    if isinstance(value, bool) and column.sql_type == "TINYINT":
        return int(value)  # MySQL's booleans are numbers
    number = to_decimal(value)
    if number is None:
        return None
    if column.sql_type == _UNBOUNDED:
        text = json_columns.as_text(value).strip()
        return unbounded(plain(number) if "e" in text.casefold() else text)
    if limits := _limits(column.sql_type):
        is_held = number == number.to_integral_value() and limits[0] <= number <= limits[1]
        return int(number) if is_held else None
    return _fraction(column.sql_type, value, number)


def _fraction(sql_type: str, value: Any, number: Decimal) -> int | float | str | None:
    """Return a number for a column that holds fractions; None if it would round it."""
    if bounds := decimal_bounds(sql_type):
        return exact(plain(number)) if fits_decimal(number, *bounds) else None
    if not is_double(number) or (sql_type == "FLOAT" and not is_single(number)):
        return None
    is_whole = isinstance(value, int) or (isinstance(value, str) and value.strip().lstrip("+-").isdecimal())
    return int(number) if is_whole else float(number)


def unbounded(text: str) -> float | str:
    """Return a decimal of any length: a number if that has the same text, otherwise the text."""
    number = exact(text)
    return number if json_columns.as_text(number) == text else text


def _holds_infinity(column: Column) -> bool:
    if is_mysql(column.native):
        return False
    is_decimal = column.sql_type.startswith(_UNBOUNDED)
    return column.sql_type in ("FLOAT", "DOUBLE", _UNBOUNDED) or (is_decimal and bool(column.native))


def _limits(sql_type: str) -> tuple[int, int] | None:
    """Return the lowest and the highest number of an integer type; None for another type."""
    if bits := _SIGNED_BITS.get(sql_type):
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    bits = _UNSIGNED_BITS.get(sql_type)
    return (0, 2**bits - 1) if bits else None


def _to_moment(column: Column, value: Any) -> str | None:
    if is_mysql(column.native) and is_zero_date(value):
        return value
    found = moments.fitted(value, column.sql_type)
    if found is None:
        return None
    if is_mysql(column.native):
        return found if is_mysql_date(found) else None
    return found if column.native or moments.is_in_store(found, column.sql_type) else None


def _to_boolean(_column: Column, value: Any) -> bool | None:
    return to_boolean(value)


def _to_binary(_column: Column, value: Any) -> str | None:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        return None
    return value


def _to_array(_column: Column, value: Any) -> Any:
    return _parsed(value, list)


def _to_object(column: Column, value: Any) -> Any:
    return json_columns.fitting(value) if column.sql_type == json_columns.JSON else _parsed(value, dict)


def _parsed(value: Any, kind: type) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, kind) else None


_CONVERTERS: Final[dict[str, Callable[[Column, Any], Any]]] = {
    "string": _to_text,
    "number": _to_number,
    "datetime": _to_moment,
    "boolean": _to_boolean,
    "array": _to_array,
    "binary": _to_binary,
    "object": _to_object,
}
