"""What the columns of real servers would change without an error: a value is refused before it is sent.

PostgreSQL and MySQL, in its strict mode too, round fractions, cut spaces and fill up bytes in silence. What
they refuse themselves is left to them.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from polytomic_mcp.sandbox.data.tables.moments import fraction_digits
from polytomic_mcp.sandbox.data.tables.numbers import NOT_FINITE, last_place, to_decimal

Limit = Callable[[Any], bool]
"""Returns whether a column holds a value of its type as it is."""

_MICROSECONDS: Final = 6
_FIRST_YEAR, _LAST_YEAR = 1901, 2155
_CLOCK: Final = re.compile(r"-?\d+:\d\d(:\d\d(\.\d+)?)?")
_NAME_BYTES: Final = 63


def is_mysql(native: str) -> bool:
    """Return whether a column is one of MySQL or MariaDB."""
    return native.startswith("mysql:")


def is_zero_date(value: Any) -> bool:
    """Return whether a value is one of MySQL's dates without a year, a month or a day."""
    return isinstance(value, str) and re.match(r"0000-|\d{4}-00-|\d{4}-\d\d-00", value) is not None


def is_mysql_date(value: str) -> bool:
    """Return whether MySQL has a date: one of the years 1 to 9999."""
    return re.match(r"\d{4}-", value) is not None and not value.endswith(" BC")


def limit_of(native: str) -> Limit | None:
    """Return the limit of a server's type, in the form of ``Column.native``; None if it has none."""
    product, _, type_ = native.partition(":")
    base, sizes = _parts(type_)
    if base.endswith("[]"):
        return None
    if product == "mysql":
        return _mysql(base, sizes)
    return _without_null_character(_postgresql(base, sizes)) if product == "postgresql" else None


def _without_null_character(limit: Limit | None) -> Limit:
    return lambda value: not (isinstance(value, str) and "\0" in value) and (limit is None or limit(value))


def _parts(type_: str) -> tuple[str, list[int]]:
    """Return a type without its sizes, and the sizes."""
    found = re.search(r"\(([\d,\s-]+)\)", type_)
    sizes = [int(each) for each in found[1].split(",")] if found else []
    return re.sub(r"\([^)]*\)", "", type_).strip(), sizes


def _postgresql(base: str, sizes: list[int]) -> Limit | None:
    if base.startswith(("timestamp", "time ", "interval")):
        is_plain = base == "time without time zone"
        return _clock(sizes[0] if sizes else _MICROSECONDS, has_zone=not is_plain)
    if base == "character varying" and sizes:
        return lambda value: len(value) <= sizes[0]
    if base == "character" and sizes:
        return lambda value: len(value.rstrip(" ")) <= sizes[0]
    return _OF_POSTGRESQL.get(base)


def _mysql(base: str, sizes: list[int]) -> Limit | None:
    if base in ("datetime", "timestamp", "time"):
        return _clock(sizes[0] if sizes else 0, has_zone=base != "time")
    if base in ("char", "varchar") and sizes:
        return lambda value: len(value) <= sizes[0]
    if base == "binary" and sizes:
        return lambda value: len(base64.b64decode(value)) == sizes[0]
    if base in ("float", "double"):
        places = sizes[1] if len(sizes) > 1 else None
        return lambda value: value not in NOT_FINITE and (places is None or _has_places(value, places))
    return _is_year if base == "year" else None


def _clock(digits: int, *, has_zone: bool) -> Limit:
    def holds(value: str) -> bool:
        return fraction_digits(value) <= digits and (has_zone or _CLOCK.fullmatch(value) is not None)

    return holds


def _has_places(value: Any, places: int) -> bool:
    """Return whether a number has no more digits after the point."""
    number = to_decimal(value)
    return number is None or last_place(number) >= -places


def _is_year(value: int) -> bool:
    # MySQL takes 5 for 2005.
    return value == 0 or _FIRST_YEAR <= value <= _LAST_YEAR


def _is_amount(value: str) -> bool:
    return re.search(r"\.\d\d\d", value) is None


_OF_POSTGRESQL: Final[Mapping[str, Limit]] = {
    '"char"': lambda value: len(value.encode()) <= 1,
    "money": _is_amount,
    "name": lambda value: len(value.encode()) <= _NAME_BYTES,
}
