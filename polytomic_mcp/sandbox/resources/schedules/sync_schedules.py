"""When a sync runs by itself: the frequencies, the parts each of them needs, and the next time.

The frequencies and their parts are facts (2025-09-18 SDK, Terraform provider). That ``custom`` and
``builder`` both carry the five fields of a cron line is a guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.data.store import Store

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BOUNDS: Final = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month": (1, 12),
    "day_of_week": (0, 7),
}
_FREQUENCIES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "manual": ("Manual", "Runs when somebody starts it.", ()),
    "continuous": ("Continuous", "Runs again and again, at most every five minutes.", ()),
    "hourly": ("Hourly", "Runs every hour at a minute.", ("minute",)),
    "daily": ("Daily", "Runs every day at a time in UTC.", ("hour", "minute")),
    "weekly": ("Weekly", "Runs on a day of the week at a time in UTC.", ("day_of_week", "hour", "minute")),
    "custom": ("Custom", "Runs when a cron line says so.", tuple(_BOUNDS)),
    "builder": ("Builder", "Runs when the parts say so, as in a cron line.", tuple(_BOUNDS)),
    "runafter": ("Run after", "Runs after other syncs.", ("run_after",)),
    "dbtcloud": ("dbt Cloud", "Runs after a dbt Cloud job.", ("connection_id", "job_id")),
}
_CRON: Final = ("custom", "builder")
_CONTINUOUS: Final = timedelta(minutes=5)
_HORIZON_DAYS: Final = 366 * 8  # a 29 February is at most eight years away


class PartError(ValueError):
    """A part of a schedule cannot be read; the text says why."""


def problems(schedule: Mapping[str, Any], store: Store) -> Iterator[Problem]:
    """Yield what is wrong with the schedule."""
    frequency = schedule.get("frequency")
    if frequency not in _FREQUENCIES:
        known = ", ".join(_FREQUENCIES)
        yield Problem(
            "invalid_schedule",
            f"{frequency!r} is no frequency of a model sync; there are: {known}",
            "schedule.frequency",
        )
        return
    needed = _FREQUENCIES[frequency][2]
    if frequency in _CRON:
        if all(_is_empty(schedule.get(part)) for part in needed):
            yield Problem(
                "invalid_schedule", f"{frequency} needs at least one of {', '.join(needed)}", "schedule"
            )
    else:
        for part in needed:
            if _is_empty(schedule.get(part)):
                yield Problem("invalid_schedule", f"{frequency} needs {part}", f"schedule.{part}")
    for part in _BOUNDS:
        if part in needed and not _is_empty(schedule.get(part)):
            yield from _part_problems(part, schedule[part], is_cron=frequency in _CRON)
    if frequency == "runafter":
        yield from _predecessor_problems(schedule.get("run_after") or {}, store)


def circle_problems(sync: JsonObject, store: Store) -> Iterator[Problem]:
    """Yield what is wrong with a sync that would, through whatever others, run after itself (a guess)."""
    waiting, seen = _sync_ids(sync), set[str]()
    while waiting:
        id_ = waiting.pop()
        if id_ == sync["id"]:
            yield Problem("invalid_schedule", "the sync would run after itself", "schedule.run_after")
            return
        if id_ not in seen:
            seen.add(id_)
            waiting += _sync_ids(store.get("sync", id_) or {})


def _sync_ids(sync: JsonObject) -> list[str]:
    """Return the ids of the model syncs that a sync runs after; a bulk sync runs after none."""
    schedule = as_object(sync.get("schedule"))
    if schedule.get("frequency") != "runafter":
        return []
    return [str(id_) for id_ in as_list(as_object(schedule.get("run_after")).get("sync_ids"))]


def next_time(schedule: Mapping[str, Any], since: datetime) -> datetime | None:
    """Return the next time after ``since``, or None where no clock decides it."""
    match schedule["frequency"]:
        case "continuous":
            return since + _CONTINUOUS
        case "hourly" | "daily" | "weekly" | "custom" | "builder":
            return _Cron.of(schedule).after(since)
        case _:
            return None


def options() -> list[dict[str, Any]]:
    """Return every frequency with the form of its parts, as ``GET /api/syncs/schedules`` lists them."""
    return [
        {
            "frequency": frequency,
            "label": label,
            "description": description,
            "configuration": {"jsonschema": _form(frequency, parts), "uischema": {}},
        }
        for frequency, (label, description, parts) in _FREQUENCIES.items()
    ]


def _form(frequency: str, parts: tuple[str, ...]) -> dict[str, Any]:
    kinds = {"run_after": "object", "job_id": "integer"}
    return {
        "type": "object",
        "properties": {part: {"type": kinds.get(part, "string")} for part in parts},
        "required": [] if frequency in _CRON else list(parts),
    }


def _is_empty(part: Any) -> bool:
    return part is None or part in ("", {})


def _part_problems(part: str, text: Any, *, is_cron: bool) -> Iterator[Problem]:
    try:
        is_single = len(_values(part, str(text))) == 1
        reason = None if is_cron or is_single else "must be a single value"
    except PartError as error:
        reason = str(error)
    if reason:
        yield Problem("invalid_schedule", f"{part} {text!r} {reason}", f"schedule.{part}")


def _predecessor_problems(run_after: Mapping[str, Any], store: Store) -> Iterator[Problem]:
    for key, kind in (("sync_ids", "sync"), ("bulk_sync_ids", "bulk_sync")):
        for position, id_ in enumerate(run_after.get(key) or []):
            if store.get(kind, id_) is None:
                yield Problem(
                    "unknown_sync", f"there is no such sync: {id_}", f"schedule.run_after.{key}[{position}]"
                )


def _values(part: str, text: str) -> frozenset[int]:
    """Read a cron field: ``*``, numbers, names, ranges, lists and steps."""
    values: set[int] = set()
    for item in text.strip().lower().split(","):
        span, _, step = item.partition("/")
        first, last = _span(part, span)
        if not (step or "1").isdecimal() or int(step or 1) == 0:
            raise PartError(f"has a step that is no positive number: {step}")
        values.update(range(first, last + 1, int(step or 1)))
    return frozenset(value % 7 for value in values) if part == "day_of_week" else frozenset(values)


def _span(part: str, span: str) -> tuple[int, int]:
    lowest, highest = _BOUNDS[part]
    if span in ("*", "?"):
        return lowest, highest - (part == "day_of_week")
    first, dash, last = span.partition("-")
    low = _named(part, first)
    high = _named(part, last) if dash else low
    if not lowest <= low <= high <= highest:
        raise PartError(f"must lie within {lowest} and {highest}")
    return low, high


def _named(part: str, text: str) -> int:
    if text.isdecimal() and text.isascii():
        return int(text)
    names = {"day_of_week": _WEEKDAYS, "month": _MONTHS}.get(part, ())
    for number, name in enumerate(names):
        if name and text[:3] == name[:3] and (name.startswith(text) or part == "month"):
            return number
    raise PartError("is neither a number nor a known name")


@dataclass(frozen=True, slots=True)
class _Cron:
    """The five fields of a cron line as sets; days follow cron's rule that either field suffices."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def of(cls, schedule: Mapping[str, Any]) -> "_Cron":
        used = _FREQUENCIES[schedule["frequency"]][2]
        texts = {part: schedule.get(part) if part in used else None for part in _BOUNDS}
        return cls(*(_values(part, str(texts[part] or "*")) for part in _BOUNDS))

    def after(self, now: datetime) -> datetime | None:
        start = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        midnight = start.replace(hour=0, minute=0)
        for offset in range(_HORIZON_DAYS):
            day = midnight + timedelta(days=offset)
            if self._has_day(day):
                times = (
                    day.replace(hour=hour, minute=minute)
                    for hour in sorted(self.hours)
                    for minute in sorted(self.minutes)
                )
                if found := next((time for time in times if time >= start), None):
                    return found
        return None

    def _has_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if len(self.days) < 31 and len(self.weekdays) < 7:  # noqa: PLR2004 - all days of a month, of a week
            return in_month or in_week
        return in_month and in_week
