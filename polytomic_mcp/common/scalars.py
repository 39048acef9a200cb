"""Numbers and times that JSON values spell."""

import math
from datetime import UTC, datetime
from typing import Any


def to_number(value: Any) -> int | float | None:
    """Return a JSON number, or the number that a text spells; None for all else, booleans and infinities."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int):
        return value
    try:
        parsed = float(value)
        is_whole = isinstance(value, str) and parsed.is_integer() and value.strip().lstrip("+-").isdecimal()
        exact = int(value) if is_whole else parsed
    except (ValueError, OverflowError):
        return None
    return exact if math.isfinite(parsed) else None


def to_moment(value: Any) -> datetime | None:
    """Return the time of an ISO 8601 text, or None for all else; a time without an offset is in UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
