"""Conversion between the values of database drivers and JSON values.

Drivers return text wherever Python's own type would lose something: decimals, dates and times.
``tables/sql_values.py`` lists the JSON form of each type.
"""

import base64
import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.sandbox.data.tables.field_types import is_nested
from polytomic_mcp.sandbox.data.tables.sql_values import exact

Decoder = Callable[[Any], Any]

_ZONED: Final = "TIMESTAMP WITH TIME ZONE"
_NOT_NUMBERS: Final = ("NaN", "Infinity", "-Infinity")


def decoders(sql_types: Sequence[str]) -> list[tuple[int, Decoder]]:
    """Return the decoders of a driver's values, with their positions; most types need none."""
    found = ((index, _decoder(sql_type)) for index, sql_type in enumerate(sql_types))
    return [(index, decode) for index, decode in found if decode is not None]


def decoded(values: Sequence[Any], decode: list[tuple[int, Decoder]]) -> tuple[Any, ...]:
    """Return a row's values with the decoders applied to those that are not null."""
    row = list(values)
    for index, decoder in decode:
        if row[index] is not None:
            row[index] = decoder(row[index])
    return tuple(row)


def encoded(value: Any, sql_type: str) -> Any:
    """Return a JSON value as a driver accepts it: text, bytes for a BLOB, a list for an array; null is None.

    Raises:
        ValueError: A value for a BLOB is not base64.
    """
    if value is None:
        return None
    if sql_type.endswith("[]") and isinstance(value, list):
        element = sql_type.removesuffix("[]")
        items = cast("list[Any]", value)
        return [encoded(item, sql_type if isinstance(item, list) else element) for item in items]
    if sql_type == "BLOB":
        return base64.b64decode(to_text(value), validate=True)
    text = json.dumps(value, ensure_ascii=False) if is_nested(sql_type) else to_text(value)
    return text.encode(errors="replace").decode()  # no server stores a lone surrogate


def _decoder(sql_type: str) -> Decoder | None:
    if sql_type.endswith("[]"):
        return _array(_decoder(sql_type.removesuffix("[]")))
    base = sql_type.partition("(")[0]
    return _json if is_nested(sql_type) else _DECODERS.get(base)


def _array(decode: Decoder | None) -> Decoder:
    def decoded_array(value: Any) -> Any:
        if isinstance(value, list):
            return [decoded_array(item) for item in cast("list[Any]", value)]
        return value if value is None or decode is None else decode(value)

    return decoded_array


def _json(text: str) -> Any:
    return json.loads(text, parse_float=_json_number, parse_constant=str)


def _json_number(text: str) -> float | str:
    return float(text) if repr(float(text)) == text or "e" in text.casefold() else exact(text)


def _decimal(text: str) -> float | str:
    return text if text in _NOT_NUMBERS else exact(text)


def _float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"


def _blob(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _moment(text: str) -> str:
    return text.replace(" ", "T", 1).removesuffix(".000000")


def _zoned(text: str) -> str:
    bare = text.removesuffix("+00")
    return f"{_moment(bare)}Z" if bare[0].isdigit() and bare[-1].isdigit() else text


def _boolean(value: Any) -> bool:
    return any(value) if isinstance(value, bytes) else bool(value)


_DECODERS: Final[dict[str, Decoder]] = {
    "BLOB": _blob,
    "BOOLEAN": _boolean,
    "DECIMAL": _decimal,
    "DOUBLE": _float,
    "FLOAT": _float,
    "TIMESTAMP": _moment,
    "UUID": str,
    _ZONED: _zoned,
}
