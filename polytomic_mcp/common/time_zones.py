"""Time zones by name, from the ``tzdata`` package, whatever zone files the system has."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import nearest, quoted

_FIXED: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_HIGHEST: Final = timedelta(hours=14)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


class TimeZoneError(ValueError):
    """A time zone is unknown, or a schedule in it cannot be a schedule in UTC; the text says what to do.

    ``schedule`` is the one in UTC that is right until the zone changes its offset, if there is one.
    """

    def __init__(self, text: str, schedule: JsonObject | None = None) -> None:
        super().__init__(text)
        self.schedule = schedule


def find_zone(name: str) -> tuple[str, tzinfo]:
    """Return a zone and its exact name, for a name of the IANA database in any case or an offset of UTC.

    Raises:
        TimeZoneError: The zone is unknown.
    """
    if fixed := _fixed(name):
        return fixed.tzname(None), fixed
    names = (files("tzdata") / "zones").read_text(encoding="utf-8").split()
    text = name.strip().replace(" ", "_").casefold()
    found = next((each for each in names if each.casefold() == text), None)
    if found is None:
        places = [each for each in names if "/" in each]
        same = [each for each in places if each.casefold().rpartition("/")[2] == text]
        hint = nearest(same[0] if same else name, places)
        raise TimeZoneError(
            f"Unknown time zone {quoted(name)}.{hint} Send a name of the IANA database such as "
            "'Europe/Berlin', or an offset such as '+05:30'."
        )
    with files("tzdata").joinpath("zoneinfo", *found.split("/")).open("rb") as data:
        return found, ZoneInfo.from_file(data, key=found)


def changes(zone: tzinfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Yield when the zone's offset changes between two aware moments, in UTC, and the offset from then on.

    Two changes within one day are not seen.
    """
    moment = start.astimezone(UTC).replace(microsecond=0)
    while moment < end:
        following = moment + _DAY
        if offset_at(zone, moment) != offset_at(zone, following):
            yield _change(zone, moment, following), offset_at(zone, following)
        moment = following


def offset_at(zone: tzinfo, moment: datetime) -> timedelta:
    """Return how far the zone is ahead of UTC at an aware moment."""
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the first second between two moments that has the offset of the later one."""
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if offset_at(zone, middle) == offset_at(zone, after):
            after = middle
        else:
            before = middle
    return after


def _fixed(name: str) -> timezone | None:
    found = _FIXED.fullmatch(name.replace(" ", ""))
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if offset > _HIGHEST:
        return None
    return timezone(-offset if found[1] == "-" else offset)
