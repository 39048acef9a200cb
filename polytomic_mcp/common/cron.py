"""Cron lines in UTC, read by the rules of crontab(5): when one is due next, and when it was last due.

A day matches if either day field matches; if one of them starts with ``*``, both must match. Beyond
crontab(5), ranges may wrap (``fri-sun``, hours ``22-2``), ``?`` means ``*``, names may have more than three
letters (``monday``), and ``L``, ``friL`` and ``mon#1`` are a month's last day, last Friday and first Monday.

``cronsim`` computes the times. It also accepts lines that crontab(5) does not define, such as ``5/20`` or six
fields, and does not accept all of the above, so every line is checked and rewritten before it gets there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final, Self

from cronsim import CronSim

from polytomic_mcp.common.spelling import nearest, quoted

FIELDS: Final = ("minute", "hour", "day_of_month", "month", "day_of_week")

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month": (1, 12),
    "day_of_week": (0, 6),
}
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "day_of_week": WEEKDAYS,
    "month": (
        *("january", "february", "march", "april", "may", "june"),
        *("july", "august", "september", "october", "november", "december"),
    ),
}
_DAYS: Final[Mapping[str, int]] = {"2": 29, "4": 30, "6": 30, "9": 30, "11": 30}
"""The days of the months that have fewer than 31."""

_SHORTEST_NAME: Final = 3
_WEEK: Final = 7
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_WEEKDAY_OF_MONTH: Final = re.compile(r"([a-z0-9]+?)(#[1-5]|l)")


class CronError(ValueError):
    """A field of a cron line cannot be read; the message says why and ``field`` says which one."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class CronLine:
    """A cron line in the spelling of ``cronsim``: five fields, and numbers only."""

    text: str

    @classmethod
    def of(
        cls,
        *,
        minute: str = "*",
        hour: str = "*",
        day_of_month: str = "*",
        month: str = "*",
        day_of_week: str = "*",
    ) -> Self:
        """Read the five fields.

        Raises:
            CronError: A field cannot be read, or the line names a date that never comes, such as 31 February.
        """
        texts = (minute, hour, day_of_month, month, day_of_week)
        fields = {field: read_field(field, text) for field, text in zip(FIELDS, texts, strict=True)}
        _require_date(fields)
        return cls(" ".join(fields.values()))

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time after an aware ``moment``; None if there is none in fifty years."""
        return next(CronSim(self.text, moment.astimezone(UTC)), None)

    def last_at(self, moment: datetime) -> datetime | None:
        """Return the last due time at or before an aware ``moment``; None if there is none in fifty years."""
        following = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        return next(CronSim(self.text, following, reverse=True), None)


def read_field(field: str, text: str) -> str:
    """Return one field in the spelling of ``cronsim``: numbers for names, lists for ranges, ``*`` for ``?``.

    Raises:
        CronError: The text cannot be read as this field.
    """
    items = chain.from_iterable(_read_item(field, item.strip()) for item in text.lower().split(","))
    return ",".join(dict.fromkeys(items))


def _read_item(field: str, item: str) -> Iterator[str]:
    span, slash, step = item.partition("/")
    every = _read_step(field, step) if slash else 1
    first, dash, last = span.partition("-")
    nth = _WEEKDAY_OF_MONTH.fullmatch(item)
    if span in ("*", "?"):
        yield f"*/{every}" if slash else "*"
    elif field == "day_of_month" and item == "l":
        yield "L"
    elif field == "day_of_week" and nth:
        yield f"{_read_number(field, nth[1]) % _WEEK}{nth[2].upper()}"
    elif slash and not dash:
        remedy = f"Write '{span}-{_BOUNDS[field][1]}/{every}' or '*/{every}'."
        raise CronError(field, f"Step without a range {quoted(item)} in {field}. {remedy}")
    else:
        yield from _read_range(field, first, last if dash else first, every)


def _read_range(field: str, first: str, last: str, step: int) -> Iterator[str]:
    """Yield the numbers of a range, which wraps if its last number is lower than its first."""
    lowest, highest = _BOUNDS[field]
    size = highest - lowest + 1
    low, high = _read_number(field, first), _read_number(field, last)
    for value in range(low, (high if low <= high else high + size) + 1, step):
        yield str(lowest + (value - lowest) % size)


def _read_number(field: str, text: str) -> int:
    """Return the number of a value or name; Sunday is 0 or 7."""
    lowest, highest = _BOUNDS[field]
    names = _NAMES.get(field, ())
    if _NUMBER.fullmatch(text):
        number = int(text)
        if lowest <= number <= highest or (field == "day_of_week" and number == _WEEK):
            return number
    elif len(text) >= _SHORTEST_NAME:
        matches = [number for number, name in enumerate(names, lowest) if name.startswith(text)]
        if matches:
            return matches[0]
    most = _WEEK if field == "day_of_week" else highest
    valid = f"{lowest} to {most}" + (f", or a name such as {names[0]}" if names else "")
    raise CronError(field, f"Unknown {field} {quoted(text)}.{nearest(text, names)} Valid values: {valid}.")


def _read_step(field: str, text: str) -> int:
    step = int(text) if _NUMBER.fullmatch(text) else 0
    if step == 0:
        raise CronError(field, f"Unknown step {quoted(text)} in {field}. Valid values: whole numbers from 1.")
    return step


def _require_date(fields: Mapping[str, str]) -> None:
    """Refuse days that none of the months has; with a restricted day of the week, those days still come."""
    days, months = fields["day_of_month"].split(","), fields["month"].split(",")
    if not all(day.isdecimal() for day in days) or not fields["day_of_week"].startswith("*"):
        return
    if min(map(int, days)) > max(_DAYS.get(month, 31) for month in months):
        date = f"day_of_month {fields['day_of_month']} in month {fields['month']}"
        remedy = "Choose an earlier day, or L for the last day of the month."
        raise CronError("day_of_month", f"No such date: {date}. {remedy}")
