"""SOQL's date literals, from ``TODAY`` to ``LAST_N_MONTHS:3``: each is a range of days.

Days are in UTC, weeks begin on Sunday, and a fiscal year is a calendar year. That is a guess: in Salesforce
all three are settings of the user or the organization.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.syntax import Value

_DAYS: Final = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_OFFSETS: Final = {"LAST": -1, "THIS": 0, "NEXT": 1}
_MONTHS: Final = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_SPAN: Final = re.compile(r"(LAST|THIS|NEXT)_(?:FISCAL_)?(WEEK|MONTH|QUARTER|YEAR)")
_COUNTED: Final = re.compile(r"(?:(LAST|NEXT)_N|(N))_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S(?(2)_AGO)")

Days = tuple[date, date]
"""The first day, and the day after the last."""


def days_of(literal: Value, today: date) -> Days:
    """Return the days of a date literal.

    Raises:
        QueryError: It is not a date literal, or its days are before year 1 or after year 9999.
    """
    try:
        return _days(literal, today)
    except OverflowError as error:
        raise QueryError(f"{literal.text}:{literal.count} is out of range.") from error


def _days(literal: Value, today: date) -> Days:
    word, count = literal.text, literal.count
    if word in _DAYS:
        return _unit("DAY", today, _DAYS[word], 1)
    if word in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        word, count = word.replace("90", "N"), 90
    if found := _SPAN.fullmatch(word):
        return _unit(found[2], today, _OFFSETS[found[1]], 1)
    if (found := _COUNTED.fullmatch(word)) is None:
        raise QueryError(f"{word} is neither a value nor a date literal of SOQL; put text in single quotes.")
    if count is None:
        raise QueryError(f"{word} needs a number: {word}:30.")
    if found[2]:
        return _unit(found[3], today, -count, 1)
    if found[1] == "NEXT":
        return _unit(found[3], today, 1, count)
    # LAST_N_DAYS is the only one that includes the current unit.
    return _unit(found[3], today, -count, count + (found[3] == "DAY"))


def _unit(unit: str, today: date, first: int, length: int) -> Days:
    """Return the days of ``length`` units; ``first`` is the offset from the unit that contains today."""
    begin: Callable[[int], date]
    if unit in _MONTHS:
        size = _MONTHS[unit]
        month = today.year * 12 + (today.month - 1) // size * size
        begin = lambda number: _first_of(month + number * size)  # noqa: E731 - one of two definitions
    else:
        size = 7 if unit == "WEEK" else 1
        start = today - timedelta(days=today.isoweekday() % 7 if unit == "WEEK" else 0)
        begin = lambda number: start + timedelta(days=number * size)  # noqa: E731 - the other definition
    return begin(first), begin(first + length)


def _first_of(month: int) -> date:
    if not 12 <= month < 12 * 10_000:  # noqa: PLR2004 - the years of a date
        raise OverflowError
    return date(month // 12, month % 12 + 1, 1)
