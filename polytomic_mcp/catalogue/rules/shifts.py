"""Cron fields moved by a number of minutes."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

SIZES: Final[Mapping[str, int]] = {"minute": 60, "hour": 24, "day_of_week": 7}
"""How many numbers a field has that can be moved; its lowest is 0."""

_DAY: Final = SIZES["hour"] * SIZES["minute"]


def moved(fields: Mapping[str, str], minutes: int) -> dict[str, set[int]] | None:
    """Return the numbers of the fields that differ once every due time is ``minutes`` later.

    ``fields`` are the five of a line, as ``cron.read_field`` spells them. None if no single line is due at
    these times.
    """
    old = {field: _numbers(fields[field], SIZES[field]) for field in ("minute", "hour")}
    times = {
        divmod(hour * SIZES["minute"] + minute + minutes, _DAY)
        for hour in old["hour"]
        for minute in old["minute"]
    }
    new = {
        "minute": {time % SIZES["minute"] for _, time in times},
        "hour": {time // SIZES["minute"] for _, time in times},
    }
    weekdays = _moved_weekdays(fields, {days for days, _ in times})
    if weekdays is None or len({time for _, time in times}) != len(new["minute"]) * len(new["hour"]):
        return None
    return {field: numbers for field, numbers in new.items() if numbers != old[field]} | weekdays


def _moved_weekdays(fields: Mapping[str, str], days: AbstractSet[int]) -> dict[str, set[int]] | None:
    """Return the days of the week, if they differ once the times are some of these numbers of days later.

    None if dates would have to move, or days without a number, or some of the times only.
    """
    day_of_week = fields["day_of_week"]
    is_dated = (fields["day_of_month"], fields["month"]) != ("*", "*")
    if days == {0} or (day_of_week == "*" and not is_dated):
        return {}
    is_numbered = all(item.isdecimal() or item.startswith("*") for item in day_of_week.split(","))
    if is_dated or not is_numbered or len(days) > 1:
        return None
    size = SIZES["day_of_week"]
    return {"day_of_week": {(day + min(days)) % size for day in _numbers(day_of_week, size)}}


def _numbers(field: str, size: int) -> set[int]:
    found = set[int]()
    for item in field.split(","):
        star, _, step = item.partition("/")
        found |= set(range(0, size, int(step or 1))) if star == "*" else {int(item)}
    return found
