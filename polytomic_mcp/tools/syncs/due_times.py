"""What a schedule is, in a few words."""

from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES
from polytomic_mcp.common.json_values import JsonObject


def describe(schedule: JsonObject) -> str:
    """Return a short description of a schedule, such as ``weekly monday 02:30 UTC``."""
    frequency = str(schedule.get("frequency") or "manual")
    known = FREQUENCIES.get(frequency)
    parts = {part: _text(schedule, part) for part in (known.fields if known else ())}
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
    """Return a part, or its default (a guess): ``00`` in a time of day, ``*`` elsewhere."""
    value = schedule.get(part)
    if value not in (None, ""):
        return str(value)
    is_cron = FREQUENCIES[schedule["frequency"]].is_cron
    return "00" if part in ("minute", "hour") and not is_cron else "*"
