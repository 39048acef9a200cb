"""What a schedule is, and when it is due next, in a few words."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES, next_time
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.scalars import moment_text
from polytomic_mcp.tools.answers.results import NextStep

_WAITING: Final = {
    "manual": "only when started",
    "runafter": "after the syncs it waits for",
    "dbtcloud": "after its dbt Cloud job",
}


OFF: Final = "It is inactive, so its schedule does not run. Send active: true too to switch it on."
"""What a dry run says of a schedule that would not run."""


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


def next_run(schedules: Iterable[JsonObject], now: datetime, *, is_active: bool) -> str:
    """Return the first time in UTC at which one of the schedules is due, or else what starts a run.

    The time alone, such as ``2026-03-04T12:30:00Z``, means that the sync does run then.
    """
    listed = list(schedules)
    times = [time for time in (next_time(schedule, now) for schedule in listed) if time is not None]
    if times:
        first = moment_text(min(times))
    else:
        frequencies = [str(schedule.get("frequency")) for schedule in listed]
        first = next((_WAITING[each] for each in frequencies[::-1] if each in _WAITING), "unknown")
    return f"inactive; once active: {first}" if is_off(listed, is_active=is_active) else first


def is_off(schedules: Iterable[JsonObject], *, is_active: bool) -> bool:
    """Whether one of the schedules would start runs by itself, and does not because the sync is inactive."""
    return not is_active and any(map(_starts_runs, schedules))


def in_a_row(schedules: Iterable[JsonObject], *, is_active: bool) -> str | None:
    """Return what a list says of schedules, and whether they are off; None if all runs are started."""
    listed = [each for each in schedules if _starts_runs(each)]
    off = "" if is_active else " (off: inactive)"
    return "; ".join(map(describe, listed)) + off if listed else None


def switching_on(
    tool: str, argument: str, sync: JsonObject, schedules: Iterable[JsonObject]
) -> list[NextStep]:
    """Return the call that makes a stored sync run by its schedules; none if nothing is to be done.

    ``tool`` updates the sync, whose id is its ``argument``.
    """
    if not is_off(schedules, is_active=bool(sync.get("active"))):
        return []
    reason = "switches its schedule on: it is inactive"
    return [NextStep(tool=tool, arguments={argument: sync["id"], "active": True}, reason=reason)]


def with_next_run(sync: JsonObject, schedules: Iterable[JsonObject], now: datetime) -> JsonObject:
    """Return a sync with ``next_run``."""
    return sync | {"next_run": next_run(schedules, now, is_active=bool(sync.get("active")))}


def _starts_runs(schedule: JsonObject) -> bool:
    return schedule.get("frequency") not in (None, "", "manual")


def _text(schedule: JsonObject, part: str) -> str:
    """Return a part, or its default (a guess): ``00`` in a time of day, ``*`` elsewhere."""
    value = schedule.get(part)
    if value not in (None, ""):
        return str(value)
    is_cron = FREQUENCIES[schedule["frequency"]].is_cron
    return "00" if part in ("minute", "hour") and not is_cron else "*"
