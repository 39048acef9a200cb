"""A schedule in a time zone as the API stores it, in UTC.

The API has no time zones, so a schedule can be converted if one schedule in UTC is due at the same times all
year: if the zone keeps its offset, or if its changes make no difference, as for most hourly schedules.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.catalogue.rules import shifts
from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES, cron_texts, schedule_problems
from polytomic_mcp.common import cron
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.time_zones import TimeZoneError, changes, find_zone, offset_at

__all__ = ["TimeZoneError", "to_utc"]

_YEAR: Final = timedelta(days=400)
_MINUTE: Final = timedelta(minutes=1)


def to_utc(schedule: Mapping[str, Any], zone: str, now: datetime) -> JsonObject:
    """Return a schedule in UTC that is due whenever this one is due in the zone, without ``timezone``.

    One whose frequency or parts are not valid is returned as it is; ``schedule_problems`` finds them.

    Raises:
        TimeZoneError: The zone is unknown, or no schedule in UTC is due at the same times for the 400 days
            after ``now``; the text then has the times in UTC and the dates on which they change.
    """
    name, found = find_zone(zone)
    kept = {part: value for part, value in schedule.items() if part != "timezone"}
    if next(schedule_problems(kept), None):
        return kept
    _require_time(str(kept["frequency"]))
    converted = _in_utc(kept, name, offset_at(found, now))
    later = [
        (f"{moment.astimezone(found):%Y-%m-%d}", _in_utc(kept, name, offset))
        for moment, offset in changes(found, now, now + _YEAR)
    ]
    if different := list(_different(converted, later)):
        raise TimeZoneError(_changing(kept, name, converted, different), converted)
    return converted


def _require_time(frequency: str) -> None:
    if not FREQUENCIES[frequency].fields:
        timed = ", ".join(name for name, each in FREQUENCIES.items() if each.fields)
        raise TimeZoneError(
            f"Frequency {frequency} has no time of day. Omit timezone, or use one of these: {timed}."
        )


def _in_utc(schedule: JsonObject, zone: str, offset: timedelta) -> JsonObject:
    """Return the schedule in UTC while the zone is this far ahead.

    Raises:
        TimeZoneError: No single schedule in UTC is due at the same times.
    """
    texts = cron_texts(schedule)
    fields = {field: cron.read_field(field, texts.get(field, "*")) for field in cron.FIELDS}
    moved = shifts.moved(fields, -(offset // _MINUTE))
    if moved is None:
        raise TimeZoneError(
            f"No single schedule in UTC is due at the times of {_shown(schedule)} in {zone}. Send "
            f"{_parts(schedule)} in UTC without timezone."
        )
    spell = _list if FREQUENCIES[schedule["frequency"]].is_cron else _single
    return schedule | {field: spell(field, numbers) for field, numbers in moved.items()}


def _list(field: str, numbers: Iterable[int]) -> str:
    listed = sorted(numbers)
    return "*" if len(listed) == shifts.SIZES[field] else ",".join(map(str, listed))


def _single(field: str, numbers: Iterable[int]) -> str:
    (number,) = numbers
    return cron.WEEKDAYS[number] if field == "day_of_week" else f"{number:02}"


def _different(
    schedule: JsonObject, later: Iterable[tuple[str, JsonObject]]
) -> Iterator[tuple[str, JsonObject]]:
    """Yield the schedules that differ from the one before, each with the date of the change."""
    for date, each in later:
        if each != schedule:
            yield date, each
        schedule = each


def _changing(schedule: JsonObject, zone: str, now: JsonObject, later: list[tuple[str, JsonObject]]) -> str:
    """Return the refusal of a schedule that is ``now`` in UTC, and another one from each of the dates on."""
    (date, following), *rest = later
    end = f"until {rest[0][0]}" if rest else "on"
    them = "it" if len(_fields(schedule)) == 1 else "them"
    return (
        f"{zone} changes its offset: {_shown(schedule)} there is {_shown(now)} UTC until {date} and "
        f"{_shown(following)} UTC from then {end}. Send {_parts(schedule)} in UTC without timezone, and "
        f"change {them} on {'those dates' if rest else 'that date'}."
    )


def _shown(schedule: JsonObject) -> str:
    """Return when a schedule is due, such as ``monday 07:30``, or the fields of its cron line."""
    texts = cron_texts(schedule)
    if FREQUENCIES[schedule["frequency"]].is_cron:
        return repr(" ".join(texts.get(field, "*") for field in cron.FIELDS))
    hour = texts["hour"].zfill(2) if "hour" in texts else ""
    time = f"{hour}:{texts['minute'].zfill(2)}"
    if "day_of_week" not in texts:
        return time
    return f"{cron.WEEKDAYS[int(cron.read_field('day_of_week', texts['day_of_week']))]} {time}"


def _parts(schedule: JsonObject) -> str:
    *first, last = _fields(schedule)
    return f"{', '.join(first)} and {last}" if first else last


def _fields(schedule: JsonObject) -> tuple[str, ...]:
    return FREQUENCIES[schedule["frequency"]].fields
