"""The frequencies of a schedule: the parts that each needs, and the next time at which it is due.

The frequencies and their parts are facts (2025-09-18 SDK, Terraform provider). That both ``custom`` and
``builder`` hold the five fields of a cron line is a guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common import cron
from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.sandbox.common.problems import Problem

_CONTINUOUS: Final = timedelta(minutes=5)
_CODE: Final = "invalid_schedule"


@dataclass(frozen=True, slots=True)
class Frequency:
    """A frequency as the API lists it, with the names of its parts."""

    label: str
    description: str
    parts: tuple[str, ...] = ()
    is_cron: bool = False
    """Whether one of the parts is enough, and a part may have several values."""

    @property
    def is_timed(self) -> bool:
        """Return whether the parts are fields of a cron line."""
        return any(part in cron.FIELDS for part in self.parts)


FREQUENCIES: Final[Mapping[str, Frequency]] = {
    "manual": Frequency("Manual", "Runs when it is started."),
    "continuous": Frequency("Continuous", "Runs continuously, every five minutes at most."),
    "hourly": Frequency("Hourly", "Runs every hour, at a minute.", ("minute",)),
    "daily": Frequency("Daily", "Runs every day, at a time in UTC.", ("hour", "minute")),
    "weekly": Frequency(
        "Weekly", "Runs on a day of the week, at a time in UTC.", ("day_of_week", "hour", "minute")
    ),
    "custom": Frequency("Custom", "Runs by a cron line, in UTC.", cron.FIELDS, is_cron=True),
    "builder": Frequency("Builder", "Runs by the fields of a cron line, in UTC.", cron.FIELDS, is_cron=True),
    "runafter": Frequency("Run after", "Runs after other syncs.", ("run_after",)),
    "dbtcloud": Frequency("dbt Cloud", "Runs after a dbt Cloud job.", ("connection_id", "job_id")),
}


def problems(schedule: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with a schedule's frequency and parts; the paths start with ``schedule``."""
    name = str(schedule.get("frequency") or "")
    frequency = FREQUENCIES.get(name)
    if frequency is None:
        yield Problem(_CODE, unknown("frequency", name, FREQUENCIES), "schedule.frequency")
        return
    yield from _missing_parts(schedule, name, frequency)
    texts = _cron_texts(schedule, frequency)
    yield from list(_part_problems(texts, frequency)) or _date_problems(texts)


def next_time(schedule: Mapping[str, Any], since: datetime) -> datetime | None:
    """Return when a schedule is due next after ``since``; None if its frequency does not depend on time.

    None too if its parts cannot be read, which a state file of an earlier version may hold.
    """
    frequency = FREQUENCIES[schedule["frequency"]]
    if schedule["frequency"] == "continuous":
        return since + _CONTINUOUS
    if not frequency.is_timed:
        return None
    try:
        return cron.CronLine.of(**_cron_texts(schedule, frequency)).next_after(since)
    except cron.CronError:
        return None


def _is_empty(part: Any) -> bool:
    """Return whether a part of a schedule counts as omitted."""
    return part is None or part in ("", {})


def _missing_parts(schedule: Mapping[str, Any], name: str, frequency: Frequency) -> Iterator[Problem]:
    missing = [part for part in frequency.parts if _is_empty(schedule.get(part))]
    if not frequency.is_cron:
        for part in missing:
            yield Problem(_CODE, f"Frequency {name} requires {part}.", f"schedule.{part}")
    elif len(missing) == len(frequency.parts):
        listed = ", ".join(frequency.parts)
        yield Problem(_CODE, f"Frequency {name} requires at least one of {listed}.", "schedule")


def _part_problems(texts: Mapping[str, str], frequency: Frequency) -> Iterator[Problem]:
    for part, text in texts.items():
        try:
            is_single = cron.read_field(part, text).isdecimal()
        except cron.CronError as error:
            yield Problem(_CODE, str(error), f"schedule.{part}")
            continue
        if not (is_single or frequency.is_cron):
            message = f"{part} {quoted(text)} must be a single value. For several, use frequency custom."
            yield Problem(_CODE, message, f"schedule.{part}")


def _date_problems(texts: Mapping[str, str]) -> Iterator[Problem]:
    try:
        cron.CronLine.of(**texts)
    except cron.CronError as error:
        yield Problem(_CODE, str(error), f"schedule.{error.field}")


def _cron_texts(schedule: Mapping[str, Any], frequency: Frequency) -> dict[str, str]:
    """Return the parts that are fields of a cron line, without those omitted."""
    fields = [part for part in frequency.parts if part in cron.FIELDS]
    return {field: str(schedule[field]) for field in fields if not _is_empty(schedule.get(field))}
