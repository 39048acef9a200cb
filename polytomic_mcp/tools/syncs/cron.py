"""A line of cron, read by the rules of crontab(5), and when it was last due.

Beyond those rules, ranges may go over the end (``fri-sun``, hours ``22-2``), ``?`` stands for ``*``, and
``L`` (of days of the month), ``friL`` and ``mon#1`` name the last day and the last or nth weekday.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

_BOUNDS: Final = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month": (1, 12),
    "day_of_week": (0, 6),
}
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "day_of_week": ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
    "month": (
        *("january", "february", "march", "april", "may", "june"),
        *("july", "august", "september", "october", "november", "december"),
    ),
}
_SHORTEST_NAME: Final = 3
_SUNDAY_TOO: Final = "7"
_LAST: Final = "l"
_WEEKDAY_OF_MONTH: Final = re.compile(r"(\w+?)(#[1-5]|l)", re.ASCII)
_HORIZON: Final = 366 * 8  # days: as far apart as two 29 February may be


@dataclass(frozen=True, slots=True)
class CronLine:
    """The fields of a line as sets; ``l``, ``5l`` and ``1#2`` stand among the days.

    ``either_day`` says that one kind of day suffices: neither field begins with a star.
    """

    minute: frozenset[int]
    hour: frozenset[int]
    month: frozenset[int]
    day_of_month: frozenset[int | str]
    day_of_week: frozenset[int | str]
    either_day: bool

    @classmethod
    def of(cls, *, minute: str, hour: str, day_of_month: str, month: str, day_of_week: str) -> Self:
        """Read the five fields.

        Raises:
            ValueError: One of them is no field of a cron line.
        """
        return cls(
            minute=frozenset(_numbers("minute", minute)),
            hour=frozenset(_numbers("hour", hour)),
            month=frozenset(_numbers("month", month)),
            day_of_month=frozenset(_days("day_of_month", day_of_month)),
            day_of_week=frozenset(_days("day_of_week", day_of_week)),
            either_day=not any(text.strip()[:1] in ("*", "?") for text in (day_of_month, day_of_week)),
        )

    def before(self, moment: datetime) -> datetime | None:
        """Return the last time at or before ``moment``, or None where there is none in eight years."""
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        days = (midnight - timedelta(days=days) for days in range(_HORIZON))
        times = (time for day in days if self._has_day(day) for time in self._times(day))
        return next((time for time in times if time <= moment), None)

    def _times(self, day: datetime) -> Iterator[datetime]:
        for hour in sorted(self.hour, reverse=True):
            for minute in sorted(self.minute, reverse=True):
                yield day.replace(hour=hour, minute=minute)

    def _has_day(self, day: datetime) -> bool:
        if day.month not in self.month:
            return False
        fits_month = not self.day_of_month.isdisjoint(_in_month(day))
        fits_week = not self.day_of_week.isdisjoint(_in_week(day))
        return (fits_month or fits_week) if self.either_day else (fits_month and fits_week)


def _in_month(day: datetime) -> Iterator[int | str]:
    """Yield what a day is called within its month."""
    yield day.day
    if (day + timedelta(days=1)).month != day.month:
        yield _LAST


def _in_week(day: datetime) -> Iterator[int | str]:
    """Yield what a day is called as a weekday of its month."""
    weekday = day.isoweekday() % 7
    yield weekday
    yield f"{weekday}#{(day.day + 6) // 7}"
    if (day + timedelta(days=7)).month != day.month:
        yield f"{weekday}{_LAST}"


def _days(part: str, text: str) -> Iterator[int | str]:
    for item in _items(text):
        nth = _WEEKDAY_OF_MONTH.fullmatch(item)
        if part == "day_of_month" and item == _LAST:
            yield _LAST
        elif part == "day_of_week" and nth:
            yield f"{_number(part, nth[1]) % 7}{nth[2]}"
        else:
            yield from _numbers(part, item)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.lower().split(",")]


def _numbers(part: str, text: str) -> Iterator[int]:
    """Read ``*``, numbers, names, ranges, lists and steps."""
    lowest, highest = _BOUNDS[part]
    for item in _items(text):
        span, slash, step = item.partition("/")
        first, last = _span(part, span, is_stepped=bool(slash))
        for value in range(first, last + 1, _integer(step) if slash else 1):
            yield lowest + (value - lowest) % (highest - lowest + 1)


def _span(part: str, text: str, *, is_stepped: bool) -> tuple[int, int]:
    """Return first and last; the last is past the bounds where the range goes over the end."""
    lowest, highest = _BOUNDS[part]
    if text in ("*", "?"):
        return lowest, highest
    first, dash, last = text.partition("-")
    low = _number(part, first)
    high = _number(part, last) if dash else highest if is_stepped else low
    return low, high if low <= high else high + highest - lowest + 1


def _number(part: str, text: str) -> int:
    lowest, highest = _BOUNDS[part]
    if len(text) >= _SHORTEST_NAME and not text.isdecimal():
        names = [number for number, name in enumerate(_NAMES.get(part, ()), lowest) if name.startswith(text)]
        if names:
            return names[0]
    number = _integer(text)
    if not lowest <= number <= highest and (part, text) != ("day_of_week", _SUNDAY_TOO):
        raise ValueError(f"{part} {text!r} must lie within {lowest} and {highest}")
    return number


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is no number")
    return int(text)
