"""Clocks, durations and times: ``1h30m``, ``PT90M``, seconds; ``2026-11-24T06:00:00Z``."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]

_UNITS: Final = ("weeks", "days", "hours", "minutes", "seconds")
_NUMBER: Final = r"\d{1,9}(?:\.\d{1,6})?"
_SHORT: Final = re.compile("".join(rf"(?:({_NUMBER}){unit[0]})?" for unit in _UNITS), re.ASCII)
_ISO: Final = re.compile(
    rf"P(?:({_NUMBER})W)?(?:({_NUMBER})D)?(?:T(?=\d)(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
    re.ASCII,
)
_SECONDS: Final = re.compile(_NUMBER, re.ASCII)
_LONGEST: Final = timedelta(days=366_000)


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def read_duration(text: str) -> timedelta:
    """Return the duration in a text: ``1w2d3h4m5s`` (any of these parts), ISO 8601, or seconds.

    Raises:
        ValueError: It is not a duration, or longer than a thousand years.
    """
    found = _parts(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a duration. Valid forms: 1h30m, 90 (seconds), PT90M.")
    try:
        duration = timedelta(**found)
    except OverflowError:
        duration = timedelta.max
    if duration > _LONGEST:
        raise ValueError(f"{text!r} is longer than a thousand years.")
    return duration


def _parts(text: str) -> dict[str, float]:
    if _SECONDS.fullmatch(text):
        return {"seconds": float(text)}
    match = _ISO.fullmatch(text.upper()) or _SHORT.fullmatch(text.lower())
    values = match.groups() if match else ()
    return {unit: float(value) for unit, value in zip(_UNITS, values, strict=False) if value}


def read_time(text: str) -> datetime:
    """Return the time in an ISO 8601 text, which is UTC if it has no time zone.

    Raises:
        ValueError: It is not a time.
    """
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time. Write it like 2026-11-24T06:00:00Z.") from error
