"""Schedules as people write them: "hourly at 15", "weekdays at 07:30", "every 15 minutes", or a cron line."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES
from polytomic_mcp.common import cron
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import canonical, meant

WORKDAYS: Final = "mon-fri"
WEEKEND: Final = "sat,sun"

_LINES: Final = ("cron", "cron_expression", "expression")
_TIMES: Final = ("time", "at")
_TIME: Final = r"(?:at )?(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))? ?(?P<half>am|pm)?"
_DAY: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?"
_ZONE: Final = re.compile(r"(?P<rest>.*\S) (?P<zone>utc|[a-z_]+/[a-z_/+-]+)")
_NOON: Final = 12


def as_parts(value: Any, known: Iterable[str]) -> Any:
    """Return a schedule with the parts that its text says, under their names; any other value unchanged.

    ``known`` are the names of a schedule's parts. What is not understood is left for validation to refuse.
    """
    names = list(known)
    written = {"frequency": value} if isinstance(value, str) else as_object(value)
    if not written:
        return value
    schedule = _named(written, names)
    text = _text_of(schedule)
    parts = None if canonical(text, FREQUENCIES) else _read(text)
    if parts is None:
        return value if isinstance(value, str) and meant(text, FREQUENCIES) is None else schedule
    rest = {name: part for name, part in schedule.items() if name not in ("frequency", *_LINES, *_TIMES)}
    is_clear = all(str(rest.get(name, part)) == part for name, part in parts.items())
    has_time = "minute" in {**parts, **rest}
    return {**rest, **parts} if is_clear and has_time else schedule


def _named(written: Mapping[str, Any], known: list[str]) -> JsonObject:
    """Return the parts under the API's names, where another product's name means one that is not there."""
    names = {name: meant(name, known) or name for name in written if name not in known}
    taken = [*written, *names.values()]
    return {
        names[name] if name in names and taken.count(names[name]) == 1 else name: part
        for name, part in written.items()
    }


def _text_of(schedule: Mapping[str, Any]) -> str:
    """Return what a schedule says in words: its cron line, or its frequency and its time."""
    line = next((schedule[name] for name in _LINES if name in schedule), None)
    if line is not None:
        return str(line)
    time = next((f" {schedule[name]}" for name in _TIMES if name in schedule), "")
    return f"{schedule.get('frequency') or ''}{time}"


def _read(text: str) -> JsonObject | None:
    """Return the parts of a schedule that a text says; None if it is not understood."""
    words = " ".join(text.casefold().replace(",", " ").split())
    zoned = _ZONE.fullmatch(words)
    zone = {"timezone": zoned["zone"]} if zoned else {}
    for pattern, parts_of in _FORMS:
        found = pattern.fullmatch(zoned["rest"] if zoned else words)
        parts = parts_of(found) if found else None
        if parts is not None:
            return parts | zone
    line = text.casefold().split()
    if len(line) == len(cron.FIELDS) and any(field[0] in "*0123456789" for field in line):
        return {"frequency": "custom", **dict(zip(cron.FIELDS, line, strict=True))}
    return None


def _time(found: re.Match[str]) -> JsonObject:
    """Return the hour and the minute of a match, if it has a time."""
    if found["hour"] is None:
        return {}
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % _NOON + (_NOON if found["half"] == "pm" else 0)
    return {"hour": f"{hour:02}", "minute": found["minute"] or "00"}


def _hourly(found: re.Match[str]) -> JsonObject:
    return {"frequency": "hourly", "minute": found["minute"].zfill(2)}


def _daily(found: re.Match[str]) -> JsonObject:
    return {"frequency": "daily", **_time(found)}


def _on_workdays(found: re.Match[str]) -> JsonObject:
    return {"frequency": "custom", "day_of_week": WORKDAYS, **_time(found)}


def _on_weekends(found: re.Match[str]) -> JsonObject:
    return {"frequency": "custom", "day_of_week": WEEKEND, **_time(found)}


def _on_days(found: re.Match[str]) -> JsonObject:
    days = [cron.read_field("day_of_week", day[:3]) for day in re.findall(_DAY, found["days"])]
    if len(days) == 1:
        return {"frequency": "weekly", "day_of_week": cron.WEEKDAYS[int(days[0])], **_time(found)}
    return {"frequency": "custom", "day_of_week": ",".join(days), **_time(found)}


def _in_steps(found: re.Match[str]) -> JsonObject | None:
    """Return the cron fields of a step; None if it does not divide the hour or the day evenly."""
    step = int(found["step"])
    if found["unit"].startswith("m"):
        return {"frequency": "custom", "minute": f"*/{step}"} if step and 60 % step == 0 else None
    return {"frequency": "custom", "minute": "0", "hour": f"*/{step}"} if step and 24 % step == 0 else None


_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], JsonObject | None]], ...]] = (
    (re.compile(r"(?:hourly|(?:every|each) hour) (?:at )?(?:minute )?:?(?P<minute>\d{1,2})"), _hourly),
    (re.compile(rf"(?:daily|nightly|(?:every|each) (?:day|night)) {_TIME}"), _daily),
    (
        re.compile(rf"(?:(?:every|each|on) )?(?:weekdays?|(?:business |work(?:ing )?)days?)(?: {_TIME})?"),
        _on_workdays,
    ),
    (re.compile(rf"(?:(?:every|each|on|at) )?weekends?(?: {_TIME})?"), _on_weekends),
    (
        re.compile(rf"(?:weekly )?(?:(?:every|each|on) )?(?P<days>{_DAY}(?: (?:and )?{_DAY})*)(?: {_TIME})?"),
        _on_days,
    ),
    (re.compile(r"every (?P<step>\d{1,2}) ?(?P<unit>m|min|mins|minutes?|h|hrs?|hours?)"), _in_steps),
)
"""What people write, and the parts that it means."""
