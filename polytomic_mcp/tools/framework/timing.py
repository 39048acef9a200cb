"""The times of a schedule in a request, and their conversion to UTC, which the API requires."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from polytomic_mcp.catalogue.rules.time_zones import to_utc
from polytomic_mcp.common import cron
from polytomic_mcp.common.time_zones import TimeZoneError
from polytomic_mcp.tools.framework.requests import Draft, Part
from polytomic_mcp.tools.framework.schedule_texts import as_parts


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
        return as_parts(value, cls.model_fields)


def convert_to_utc(schedule: Timing, path: str, now: datetime, draft: Draft) -> None:
    """Replace a schedule's times in its time zone by those in UTC; add a problem if there are none."""
    if schedule.timezone is None:
        return
    try:
        converted = to_utc(schedule.body(), schedule.timezone, now)
    except TimeZoneError as error:
        draft.problems.append(f"{path}.timezone: {error}")
        return
    schedule.timezone = None
    for part in cron.FIELDS:
        setattr(schedule, part, converted.get(part))
