"""The frequencies of a schedule: the parts that each needs, and when it is due, in UTC.

The frequencies and their parts are facts (2025-09-18 SDK, Terraform provider). That both ``custom`` and
``builder`` hold the five fields of a cron line is a guess, and so is that a stored schedule without an hour
or a minute means ``00``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common import cron
from polytomic_mcp.common.json_values import as_object
from polytomic_mcp.common.spelling import quoted, unknown, valid_values

CONTINUOUS: Final = timedelta(minutes=5)
"""The shortest time between two runs of a continuous sync."""

_MIDNIGHT: Final = {"hour": "00", "minute": "00"}


@dataclass(frozen=True, slots=True)
class Frequency:
    """A frequency as the API lists it, with the names of its parts."""

    label: str
    description: str
    parts: tuple[str, ...] = ()
    is_cron: bool = False
    """Whether one of the parts is enough, and a part may have several values."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The parts that are fields of a cron line; none if the frequency does not depend on the time."""
        return tuple(part for part in self.parts if part in cron.FIELDS)


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

BULK_FREQUENCIES: Final = tuple(
    name for name, each in FREQUENCIES.items() if not each.parts or each.fields == each.parts
)
"""The frequencies of a bulk sync, whose schedules have no parts for those that wait for something else."""


def schedule_problems(
    schedule: Mapping[str, Any], known: Iterable[str] = tuple(FREQUENCIES)
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a schedule's frequency, which must be one of ``known``, and with its parts.

    Each problem has the name of the part, empty for the whole schedule, and a text.
    """
    name = str(schedule.get("frequency") or "")
    if name not in known:
        missing = f"A frequency is required.{valid_values(name, known)}"
        yield "frequency", unknown("frequency", name, known) if name else missing
        return
    frequency = FREQUENCIES[name]
    yield from _missing_parts(schedule, name, frequency)
    texts = cron_texts(schedule)
    yield from list(_part_problems(texts, frequency)) or _date_problems(texts)


def next_time(schedule: Mapping[str, Any], since: datetime) -> datetime | None:
    """Return when a schedule is due next after ``since``.

    None if its frequency is unknown or does not depend on the time, or if a part cannot be read.
    """
    if schedule.get("frequency") == "continuous":
        return since + CONTINUOUS
    line = _cron_line(schedule)
    return line and line.next_after(since)


def last_time(schedule: Mapping[str, Any], moment: datetime) -> datetime | None:
    """Return the last time at or before ``moment`` at which a schedule was due; None as in ``next_time``."""
    if schedule.get("frequency") == "continuous":
        return moment - CONTINUOUS
    line = _cron_line(schedule)
    return line and line.last_at(moment)


def cron_texts(schedule: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts of a schedule of a known frequency that are fields of a cron line; none is empty."""
    fields = FREQUENCIES[schedule["frequency"]].fields
    return {field: str(schedule[field]) for field in fields if not _is_empty(schedule.get(field))}


def _cron_line(schedule: Mapping[str, Any]) -> cron.CronLine | None:
    """Return the line of a schedule; a weekly one without a day has none, as its day is unknown."""
    frequency = FREQUENCIES.get(str(schedule.get("frequency")))
    if frequency is None or not frequency.fields:
        return None
    omitted = {field: "*" if frequency.is_cron else _MIDNIGHT.get(field, "") for field in frequency.fields}
    try:
        return cron.CronLine.of(**omitted | cron_texts(schedule))
    except cron.CronError:
        return None


def _is_empty(part: Any) -> bool:
    """Return whether a part of a schedule counts as omitted, as does a ``run_after`` that names no sync."""
    return part in (None, "") or (isinstance(part, dict) and not any(as_object(part).values()))


def _missing_parts(schedule: Mapping[str, Any], name: str, frequency: Frequency) -> Iterator[tuple[str, str]]:
    missing = [part for part in frequency.parts if _is_empty(schedule.get(part))]
    if not frequency.is_cron:
        for part in missing:
            yield part, f"Frequency {name} requires {part}."
    elif len(missing) == len(frequency.parts):
        yield "", f"Frequency {name} requires at least one of {', '.join(frequency.parts)}."


def _part_problems(texts: Mapping[str, str], frequency: Frequency) -> Iterator[tuple[str, str]]:
    for part, text in texts.items():
        try:
            is_single = cron.read_field(part, text).isdecimal()
        except cron.CronError as error:
            yield part, str(error)
            continue
        if not (is_single or frequency.is_cron):
            yield part, f"{part} {quoted(text)} must be a single value. For several, use frequency custom."


def _date_problems(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    try:
        cron.CronLine.of(**texts)
    except cron.CronError as error:
        yield error.field, str(error)
