"""Numbers, times, booleans and texts that JSON values spell."""

import json
import math
from datetime import UTC, datetime
from typing import Any, Final

_BOOLEANS: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


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


def moment_text(moment: datetime | None) -> str:
    """Return a time in UTC as a tool shows it, such as ``2026-03-04T12:30:00Z``; empty text for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def to_boolean(value: Any) -> bool | None:
    """Return a JSON boolean, or the one that a text spells (true, t, 1, false, f, 0); None for all else."""
    if isinstance(value, bool):
        return value
    return _BOOLEANS.get(to_text(value).strip().lower())


def to_text(value: Any) -> str:
    """Return a value as text: whole numbers without a fraction, arrays and objects as JSON, null as empty."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
