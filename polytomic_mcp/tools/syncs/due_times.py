"""When a schedule was last due: its frequency and parts are read as a cron line, in UTC.

That both ``custom`` and ``builder`` hold the five fields of a cron line is a guess. Schedules that do not
depend on time (manual, after other syncs, after a dbt Cloud job) have no due time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.cron import FIELDS, CronError, CronLine
from polytomic_mcp.common.json_values import JsonObject

CONTINUOUS: Final = timedelta(minutes=5)
"""The shortest time between two runs of a continuous sync."""

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "hourly": ("minute",),
    "daily": ("minute", "hour"),
    "weekly": ("minute", "hour", "day_of_week"),
    "custom": FIELDS,
    "builder": FIELDS,
}
_TIMES: Final = frozenset({"hourly", "daily", "weekly"})


def due_before(schedule: JsonObject, moment: datetime) -> datetime | None:
    """Return the last time at or before ``moment`` at which the schedule was due.

    None if its frequency does not depend on time, or if a part cannot be read.
    """
    frequency = schedule.get("frequency")
    if frequency == "continuous":
        return moment - CONTINUOUS
    if frequency not in _PARTS:
        return None
    try:
        return CronLine.of(**{part: _text(schedule, part) for part in _PARTS[frequency]}).last_at(moment)
    except CronError:
        return None


def read_moment(text: Any) -> datetime | None:
    """Return an ISO 8601 text as a time, in UTC if it names no zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def describe(schedule: JsonObject) -> str:
    """Return a short description of a schedule, such as ``weekly monday 02:30 UTC``."""
    frequency = str(schedule.get("frequency") or "manual")
    parts = {part: _text(schedule, part) or "*" for part in _PARTS.get(frequency, ())}
    match frequency:
        case "hourly":
            return f"hourly :{parts['minute'].zfill(2)}"
        case "daily":
            return f"daily {parts['hour'].zfill(2)}:{parts['minute'].zfill(2)} UTC"
        case "weekly":
            time = f"{parts['hour'].zfill(2)}:{parts['minute'].zfill(2)}"
            return f"weekly {parts['day_of_week']} {time} UTC"
        case _:
            return " ".join([frequency, *parts.values()])


def _text(schedule: JsonObject, part: str) -> str:
    """Return a part, or its default (a guess): ``00`` in a time of day, ``*`` in a cron line.

    A weekly schedule without a day has an empty text, which is not a field: its day is unknown.
    """
    value = schedule.get(part)
    if value not in (None, ""):
        return str(value)
    if schedule.get("frequency") not in _TIMES:
        return "*"
    return "00" if part in ("minute", "hour") else ""
