"""Dates and times that fit a column: whole, or not at all.

Their JSON form is ISO 8601 without zeros at the end of a fraction: ``2026-01-02T03:04:05.6Z``. A year before
the first is written as PostgreSQL does, ``0044-03-15 BC``; ``infinity`` and ``-infinity`` are times, too.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

_INFINITE: Final = ("infinity", "-infinity")
_FORM: Final = re.compile(
    r"(?P<day>[0-9]{4,7}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?(?P<era> BC)?"
)
_MICROSECONDS: Final = 6
_DIGITS: Final = {"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP_NS": 9}
_LAST_YEAR_OF_DATE: Final = 5_874_897
_LAST_YEAR_OF_TIMESTAMP: Final = 294_246
_YEARS_OF_NANOSECONDS: Final = range(1678, 2262)
"""What DuckDB's types hold, in whole years; PostgreSQL's dates end in the same year."""

_UTC: Final = ("Z", "+00", "+00:00", "+0000")


def fitted(value: Any, sql_type: str) -> str | None:
    """Return a time in the JSON form of an SQL type; None if it is none, or if the type would cut it.

    A time without an offset is in UTC, and a type without a time zone holds the time in UTC.
    """
    text = value.strip() if isinstance(value, str) else ""
    if text in _INFINITE:
        return text
    found = _FORM.fullmatch(text.replace(",", "."))
    if found is None:
        return None
    day, clock, era = found["day"], found["time"] or "00:00", found["era"] or ""
    moment = _in_utc(day, clock, found["zone"], is_far=bool(era) or len(day) > len("9999-12-31"))
    if moment is None:
        return None
    day, _, time = moment.partition("T")
    fraction = (found["fraction"] or "").rstrip("0")
    if sql_type == "DATE":
        return day + era if time == "00:00:00" and not fraction else None
    if len(fraction) > _DIGITS.get(sql_type, _MICROSECONDS):
        return None
    zone = "Z" if "TIME ZONE" in sql_type or sql_type == "TIMESTAMPTZ" else ""
    return f"{moment}{'.' if fraction else ''}{fraction}{zone}{era}"


def is_in_store(value: str, sql_type: str) -> bool:
    """Return whether the sandbox's own column of the type holds a time that is in its JSON form."""
    found = re.match(r"[0-9]+", value)
    year = int(found[0]) if found else 0
    if sql_type == "TIMESTAMP_NS":
        return found is None or year in _YEARS_OF_NANOSECONDS
    return year <= (_LAST_YEAR_OF_DATE if sql_type == "DATE" else _LAST_YEAR_OF_TIMESTAMP)


def fraction_digits(value: str) -> int:
    """Return how many digits the fraction of a time's seconds has."""
    found = re.search(r"\.([0-9]+)", value)
    return len(found[1].rstrip("0")) if found else 0


def _in_utc(day: str, clock: str, zone: str | None, *, is_far: bool) -> str | None:
    """Return a time in UTC to the second; None if it does not exist, or no year of Python has it."""
    year, rest = day.split("-", 1)
    # A leap year that stands for one that Python does not have: the calendar repeats after 400 years.
    near = f"{(int(year) % 400) + 2000 if is_far else year}-{rest}"
    try:
        moment = datetime.fromisoformat(near + "T" + clock + (zone or ""))
        moment = moment.replace(tzinfo=None) if zone is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    if is_far and zone not in (None, *_UTC):
        return None
    written = moment.isoformat()
    return day + written[len(near) :] if is_far else written
