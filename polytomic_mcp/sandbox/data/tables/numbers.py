"""Numbers without loss: which decimals a JSON number holds, and which numbers a type of a database holds."""

import math
import re
import struct
from decimal import Decimal
from typing import Any, Final

NOT_FINITE: Final = ("NaN", "Infinity", "-Infinity")
"""The numbers that JSON lacks, as text."""

_EXACT_DIGITS: Final = 15
_SPELLED: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_SHORTEST_SINGLE: Final = range(1, 10)


def exact(text: str) -> float | str:
    """Return a decimal as a number if a double holds all its digits, otherwise as its shortest text."""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    digits = len(text.lstrip("-0.").replace(".", ""))
    return float(text) if digits <= _EXACT_DIGITS else text


def json_number(text: str) -> float | str:
    """Return the number of a JSON text with a point or an exponent; its digits if a double rounds it."""
    number = float(text)
    if "e" not in text.casefold():
        return number if repr(number) == text else exact(text)
    return number if math.isfinite(number) and Decimal(repr(number)) == Decimal(text) else text


def float_json(value: float) -> float | str:
    """Return a double in its JSON form."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"


def to_decimal(value: Any) -> Decimal | None:
    """Return the exact number that a JSON value is or spells; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    text = value.strip() if isinstance(value, str) else ""
    return Decimal(text) if _SPELLED.fullmatch(text) else None


def plain(number: Decimal) -> str:
    """Return all digits of a number, without an exponent."""
    return f"{number:f}"


def is_double(number: Decimal) -> bool:
    """Return whether the shortest text of a double is this number."""
    value = float(number)
    return math.isfinite(value) and Decimal(repr(value)) == number


def is_single(number: Decimal) -> bool:
    """Return whether the shortest text of a four-byte float is this number, which fits a double."""
    return Decimal(repr(single(float(number)))) == number


def single(value: float) -> float:
    """Return a double that has the shortest text of a four-byte float; infinity if that is too small."""
    stored = four_bytes(value)
    if not math.isfinite(stored):
        return stored
    spelled = (float(f"{stored:.{digits}g}") for digits in _SHORTEST_SINGLE)
    return next(each for each in spelled if four_bytes(each) == stored)


def four_bytes(value: float) -> float:
    """Return the four-byte float that is nearest to a double."""
    return struct.unpack("f", struct.pack("f", value))[0]


def decimal_bounds(sql_type: str) -> tuple[int, int] | None:
    """Return the precision and scale of a ``DECIMAL(p,s)``; None for any other type."""
    found = re.fullmatch(r"DECIMAL\((\d+),\s*(-?\d+)\)", sql_type)
    return (int(found[1]), int(found[2])) if found else None


def fits_decimal(number: Decimal, precision: int, scale: int) -> bool:
    """Return whether a decimal type holds all digits of a number."""
    return number == 0 or (number.adjusted() < precision - scale and last_place(number) >= -scale)


def last_place(number: Decimal) -> int:
    """Return the exponent of the last digit that is not zero; 0 for zero."""
    if not number:
        return 0
    _, digits, exponent = number.as_tuple()
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return int(exponent) + zeros
