"""Inference of the SQL type of a file's column: the narrowest type that holds all its values without loss.

``007`` is text, a number with more digits than a double holds is a DECIMAL, and a column with one
invalid date is text. Dates are ISO 8601 only, because 01/02 is ambiguous.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, cast

from polytomic_mcp.sandbox.data.files.csv_and_json import Number
from polytomic_mcp.sandbox.data.tables.numbers import exact

_INTEGER: Final = re.compile(r"-?[1-9][0-9]{0,38}|0")
_REAL: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
_ZONED: Final = re.compile(_TIME.pattern + r"(Z|[-+][0-9]{2}(:?[0-9]{2})?)")
_NOT_FINITE: Final = {
    "nan": "NaN",
    "inf": "Infinity",
    "infinity": "Infinity",
    "-inf": "-Infinity",
    "-infinity": "-Infinity",
}
_DOUBLE_DIGITS: Final = 15
_DECIMAL_DIGITS: Final = 38

Cast = Callable[[Any], Any]
"""Converts a file's value to a JSON value of a type; raises ``ValueError`` if it does not fit."""


def infer(values: Sequence[Any], *, is_text: bool) -> tuple[str, list[Any]]:
    """Return the column's SQL type, and its values in the JSON form of that type."""
    for sql_type, cast_ in _candidates(values, is_text=is_text):
        try:
            return sql_type, [None if value is None else cast_(value) for value in values]
        except ValueError:
            continue
    return "VARCHAR", list(values)


def _candidates(values: Sequence[Any], *, is_text: bool) -> list[tuple[str, Cast]]:
    kinds = {cast("type[Any]", type(value)) for value in values if value is not None}
    numbers = [
        ("BIGINT", _bigint),
        ("HUGEINT", _hugeint),
        ("DOUBLE", _double),
        (_decimal_type(values), _decimal),
    ]
    times = [("DATE", _date), ("TIMESTAMP", _timestamp), ("TIMESTAMP WITH TIME ZONE", _zoned)]
    if not kinds:
        return []
    if kinds == {str}:
        return [("BOOLEAN", _boolean), *numbers, *times] if is_text else times
    if kinds == {Number}:
        return numbers
    return [("BOOLEAN", bool)] if kinds == {bool} else [("JSON", native)]


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _bigint(text: str) -> int:
    return _whole(text, 63)


def _hugeint(text: str) -> int:
    return _whole(text, 127)


def _whole(text: str, bits: int) -> int:
    _require(_INTEGER, text)
    number = int(text)
    if not -(2**bits) <= number < 2**bits:
        raise ValueError(text)
    return number


def _double(text: str) -> float | str:
    if text.lower() in _NOT_FINITE:
        return _NOT_FINITE[text.lower()]
    _require(_REAL, text)
    number = float(text)
    digits = re.sub(r"[eE].*|[^0-9]", "", text)
    is_exact = len(digits) <= _DOUBLE_DIGITS or repr(number) == text
    if not (is_exact and math.isfinite(number)):
        raise ValueError(text)
    return number


def _decimal_type(values: Sequence[Any]) -> str:
    found = [_DECIMAL.fullmatch(value) for value in values if isinstance(value, str)]
    parts = [(len(match[1]), len(match[2] or "")) for match in found if match]
    whole, scale = (max((part[index] for part in parts), default=0) for index in (0, 1))
    return f"DECIMAL({_DECIMAL_DIGITS},{scale})" if whole + scale <= _DECIMAL_DIGITS else "VARCHAR"


def _decimal(text: str) -> float | str:
    _require(_DECIMAL, text)
    return exact(str(text))


def _date(text: str) -> str:
    _require(_DATE, text)
    return date.fromisoformat(text).isoformat()


def _timestamp(text: str) -> str:
    _require(_TIME, text)
    return _iso(datetime.fromisoformat(text))


def _zoned(text: str) -> str:
    _require(_ZONED, text)
    return _iso(datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)) + "Z"


def _iso(moment: datetime) -> str:
    text = moment.isoformat()
    return text.rstrip("0") if "." in text else text


def _require(pattern: re.Pattern[str], text: str) -> None:
    if not pattern.fullmatch(text):
        raise ValueError(text)


def native(value: Any) -> Any:
    """Return a JSON file's value with numbers as Python numbers; one that is out of range stays text."""
    if isinstance(value, Number):
        return _native_number(value)
    if isinstance(value, list):
        return [native(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: native(item) for key, item in cast("dict[str, Any]", value).items()}
    return value


def _native_number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else str(text)
