"""The times of a schedule in a request: how callers spell them, and their conversion to UTC."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES
from polytomic_mcp.catalogue.rules.time_zones import to_utc
from polytomic_mcp.common import cron
from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.common.time_zones import TimeZoneError
from polytomic_mcp.tools.framework.requests import Draft, Part
from polytomic_mcp.tools.framework.schedule_texts import WEEKEND, WORKDAYS, as_parts

_DAYS: Final[Mapping[str, str]] = {"weekday": WORKDAYS, "weekend": WEEKEND}
"""Words for several days of the week."""

_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")


class Timing(Part):
    """The parts of a schedule that say when something runs, in UTC unless there is a ``timezone``."""

    frequency: str | None = None
    minute: str | None = None
    hour: str | None = None
    day_of_week: Annotated[str | None, Field(description="Such as monday")] = None
    day_of_month: str | None = None
    month: str | None = None
    timezone: Annotated[str | None, Field(description="Such as Asia/Tokyo; default UTC")] = None

    @model_validator(mode="before")
    @classmethod
    def _as_people_write_it(cls, value: Any) -> Any:
        parts = as_object(value)
        lists = {name: part for name in cron.FIELDS if (part := as_list(parts.get(name)))}
        joined = {name: ",".join(map(str, part)) for name, part in lists.items()}
        return as_parts(parts | joined if lists else value, cls.model_fields)

    def spell_out(self) -> None:
        """Spell the schedule as the API does, if its words have one meaning.

        A time as the hour, and words for several days become parts. A frequency that has no place for a part,
        such as daily on some days, becomes custom, with the same times.
        """
        if self.hour is not None and self.minute is None and (time := _TIME.fullmatch(self.hour)):
            self.hour, self.minute = time.groups()
        day = (self.day_of_week or "").casefold().removesuffix("s")
        self.day_of_week = _DAYS.get(day, self.day_of_week)
        if self._needs_cron():
            self.frequency = "custom"

    def _needs_cron(self) -> bool:
        """Whether the frequency is complete, and has no place for one of the parts or for its values."""
        frequency = FREQUENCIES.get(self.frequency or "")
        if frequency is None or frequency.is_cron or not frequency.fields:
            return False
        given = {name: part for name in cron.FIELDS if (part := getattr(self, name))}
        is_complete = set(frequency.fields) <= given.keys()
        return is_complete and not (
            given.keys() <= {*frequency.fields} and all(map(_is_single, given.values()))
        )


def _is_single(part: str) -> bool:
    return not re.search(r"[^a-z0-9]", part.strip(), re.IGNORECASE)


def convert_to_utc(schedule: Timing, path: str, now: datetime, draft: Draft) -> None:
    """Spell a schedule out and replace its times in its time zone by those in UTC.

    If there are none, that is a problem, and ``draft.instead`` has the schedule that is right until the zone
    changes its offset.
    """
    schedule.spell_out()
    if schedule.timezone is None:
        return
    try:
        converted = to_utc(schedule.body(), schedule.timezone, now)
    except TimeZoneError as error:
        draft.problems.append(f"{path}.timezone: {error}")
        draft.instead |= {path: error.schedule} if error.schedule else {}
        return
    schedule.timezone = None
    for part in cron.FIELDS:
        setattr(schedule, part, converted.get(part))
