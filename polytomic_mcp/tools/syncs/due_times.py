"""When a schedule was due: its frequency and parts read as a cron line, in UTC.

That ``custom`` and ``builder`` both carry the five fields of a cron line is a guess. Schedules that no
clock decides (manual, after other syncs, after a dbt Cloud job) have no due time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.syncs.cron import CronLine

CONTINUOUS: Final = timedelta(minutes=5)
"""How often a continuous sync runs at most."""

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "hourly": ("minute",),
    "daily": ("minute", "hour"),
    "weekly": ("minute", "hour", "day_of_week"),
    "custom": ("minute", "hour", "day_of_month", "month", "day_of_week"),
    "builder": ("minute", "hour", "day_of_month", "month", "day_of_week"),
}
_TIMES: Final = frozenset({"hourly", "daily", "weekly"})
_FIELDS: Final = _PARTS["custom"]


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
        return _line(schedule, frequency).before(moment)
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
    """Write a schedule in a few words, such as ``weekly monday 02:30 UTC``."""
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


def _line(schedule: JsonObject, frequency: str) -> CronLine:
    used = _PARTS[frequency]
    return CronLine.of(**{part: _text(schedule, part) if part in used else "*" for part in _FIELDS})


def _text(schedule: JsonObject, part: str) -> str:
    """Return a part, or what its absence means (a guess): 00 in a time of day, any in a cron line.

    On which day a weekly schedule without one is due is not known: no cron line takes the empty text.
    """
    value = schedule.get(part)
    if value not in (None, ""):
        return str(value)
    if schedule.get("frequency") not in _TIMES:
        return "*"
    return "00" if part in ("minute", "hour") else ""
