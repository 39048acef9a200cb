"""Conversion between the values of database drivers and JSON values.

Drivers return text wherever Python's own type would lose something: decimals, dates and times.
``tables/sql_values.py`` lists the JSON form of each type.
"""

import base64
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from polytomic_mcp.sandbox.data.tables.conversion import unbounded
from polytomic_mcp.sandbox.data.tables.field_types import is_nested
from polytomic_mcp.sandbox.data.tables.json_columns import as_text, parsed, written
from polytomic_mcp.sandbox.data.tables.numbers import NOT_FINITE, exact, float_json, single

Decoder = Callable[[Any], Any]

_ZONED: Final = "TIMESTAMP WITH TIME ZONE"


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
        ValueError: A value for a BLOB is not base64, or a text has half of a character.
    """
    if value is None:
        return None
    if sql_type.endswith("[]") and isinstance(value, list):
        element = sql_type.removesuffix("[]")
        items = cast("list[Any]", value)
        return [encoded(item, sql_type if isinstance(item, list) else element) for item in items]
    if sql_type == "BLOB":
        return base64.b64decode(as_text(value), validate=True)
    if isinstance(value, float) and sql_type in ("FLOAT", "DOUBLE"):
        return repr(value)
    text = written(value) if is_nested(sql_type) else as_text(value)
    text.encode()  # no server stores a lone surrogate
    return text


def _decoder(sql_type: str) -> Decoder | None:
    if sql_type.endswith("[]"):
        return _array(_decoder(sql_type.removesuffix("[]")))
    base = sql_type.partition("(")[0]
    if sql_type == "DECIMAL":
        return _unbounded
    return parsed if is_nested(sql_type) else _DECODERS.get(base)


def _array(decode: Decoder | None) -> Decoder:
    def decoded_array(value: Any) -> Any:
        if isinstance(value, list):
            return [decoded_array(item) for item in cast("list[Any]", value)]
        return value if value is None or decode is None else decode(value)

    return decoded_array


def _decimal(text: str) -> float | str:
    return text if text in NOT_FINITE else exact(text)


def _unbounded(text: str) -> float | str:
    return text if text in NOT_FINITE else unbounded(text)


def _single(value: float) -> float | str:
    return float_json(single(value))


def _blob(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _moment(text: str) -> str:
    """Return a time in its JSON form, given the text of a server with Greenwich's clock."""
    bare = text.removesuffix(" BC")
    moment = bare.replace(" ", "T", 1)
    return f"{moment.rstrip('0').rstrip('.') if '.' in moment else moment}{text[len(bare) :]}"


def _zoned(text: str) -> str:
    if text.endswith("infinity"):
        return text
    bare = text.removesuffix(" BC")
    return f"{_moment(bare.removesuffix('+00'))}Z{text[len(bare) :]}"


def _boolean(value: Any) -> bool:
    return any(value) if isinstance(value, bytes) else bool(value)


_DECODERS: Final[dict[str, Decoder]] = {
    "BLOB": _blob,
    "BOOLEAN": _boolean,
    "DECIMAL": _decimal,
    "DOUBLE": float_json,
    "FLOAT": _single,
    "TIMESTAMP": _moment,
    "UUID": str,
    _ZONED: _zoned,
}
