"""When a schedule was due: its frequency and parts read as a cron line, in UTC.

That ``custom`` and ``builder`` both carry the five fields of a cron line is a guess. Schedules that no
clock decides (manual, after other syncs, after a dbt Cloud job) have no due time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from polytomic_mcp.tools.json_values import JsonObject

CONTINUOUS: Final = timedelta(minutes=5)
"""How often a continuous sync runs at most."""

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "hourly": ("minute",),
    "daily": ("minute", "hour"),
    "weekly": ("minute", "hour", "day_of_week"),
    "custom": ("minute", "hour", "day_of_month", "month", "day_of_week"),
    "builder": ("minute", "hour", "day_of_month", "month", "day_of_week"),
}
_BOUNDS: Final = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month": (1, 12),
    "day_of_week": (0, 7),
}
_NAMES: Final = {
    "day_of_week": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
    "month": ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
}
_HORIZON: Final = 400  # days: a little more than the year that a yearly schedule needs


def due_before(schedule: JsonObject, moment: datetime) -> datetime | None:
    """Return the last time at or before ``moment`` at which the schedule was due, or None.

    None too where a part cannot be read: then nothing is said about the schedule.
    """
    frequency = schedule.get("frequency")
    if frequency == "continuous":
        return moment - CONTINUOUS
    if frequency not in _PARTS:
        return None
    try:
        return _Cron.of(schedule, _PARTS[frequency]).before(moment)
    except ValueError:
        return None


def read_moment(text: Any) -> datetime | None:
    """Return the moment an ISO 8601 text names, in UTC where it names no zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def describe(schedule: JsonObject) -> str:
    """Write a schedule in a few words, such as ``weekly monday 02:30``."""
    frequency = str(schedule.get("frequency") or "manual")
    parts = {part: _text(schedule, part, "*") for part in _PARTS.get(frequency, ())}
    match frequency:
        case "hourly":
            return f"hourly :{parts['minute']}"
        case "daily":
            return f"daily {parts['hour']}:{parts['minute']}"
        case "weekly":
            return f"weekly {parts['day_of_week']} {parts['hour']}:{parts['minute']}"
        case _:
            return " ".join([frequency, *parts.values()])


@dataclass(frozen=True, slots=True)
class _Cron:
    """The fields of a cron line as sets. Where both kinds of day are given, either suffices."""

    minute: frozenset[int]
    hour: frozenset[int]
    day_of_month: frozenset[int]
    month: frozenset[int]
    day_of_week: frozenset[int]

    @classmethod
    def of(cls, schedule: JsonObject, used: tuple[str, ...]) -> "_Cron":
        absent = "*" if used == _PARTS["custom"] else ""  # the other frequencies need their parts
        texts = {part: _text(schedule, part, absent) if part in used else "*" for part in _BOUNDS}
        return cls(**{part: frozenset(_values(part, text)) for part, text in texts.items()})

    def before(self, moment: datetime) -> datetime | None:
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for days in range(_HORIZON):
            day = midnight - timedelta(days=days)
            if self._has_day(day):
                for time in self._times(day):
                    if time <= moment:
                        return time
        return None

    def _times(self, day: datetime) -> Iterator[datetime]:
        for hour in sorted(self.hour, reverse=True):
            for minute in sorted(self.minute, reverse=True):
                yield day.replace(hour=hour, minute=minute)

    def _has_day(self, day: datetime) -> bool:
        if day.month not in self.month:
            return False
        in_month, in_week = day.day in self.day_of_month, day.isoweekday() % 7 in self.day_of_week
        any_day = len(self.day_of_month) == 31  # noqa: PLR2004 - the days of a month
        any_weekday = len(self.day_of_week) == 7  # noqa: PLR2004 - the days of a week
        return (in_month and in_week) if any_day or any_weekday else (in_month or in_week)


def _text(schedule: JsonObject, part: str, absent: str) -> str:
    value = schedule.get(part)
    return absent if value in (None, "") else str(value)


def _values(part: str, text: str) -> Iterator[int]:
    """Read a cron field: ``*``, numbers, names, ranges, lists and steps.

    Raises:
        ValueError: It is none.
    """
    for item in text.lower().replace(" ", "").split(","):
        span, _, step = item.partition("/")
        low, high = _span(part, span, is_stepped=bool(step))
        for value in range(low, high + 1, int(step or 1)):
            yield value % 7 if part == "day_of_week" else value


def _span(part: str, text: str, *, is_stepped: bool) -> tuple[int, int]:
    lowest, highest = _BOUNDS[part]
    if text in ("*", "?"):
        return lowest, highest - (part == "day_of_week")
    first, dash, last = text.partition("-")
    low = _number(part, first)
    high = _number(part, last) if dash else highest if is_stepped else low
    if not lowest <= low <= high <= highest:
        raise ValueError(f"{part} {text!r} must lie within {lowest} and {highest}")
    return low, high


def _number(part: str, text: str) -> int:
    names = _NAMES.get(part, ())
    return names.index(text[:3]) if text[:3] in names and text else int(text)
