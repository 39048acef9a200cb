"""``/sandbox/clock``: read the sandbox's clock, and move it ahead."""

from datetime import UTC, datetime
from typing import Any, Final

from starlette.routing import Route

from polytomic_mcp.sandbox.common.times import read_duration, read_time
from polytomic_mcp.sandbox.control.route import Control, bad_input, control
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from polytomic_mcp.sandbox.workspace.workspace import written

LAST: Final = datetime(3000, 1, 1, tzinfo=UTC)
"""The latest time: schedules look years ahead, and ``datetime`` ends in the year 9999."""

_KEYS: Final = frozenset({"advance", "now"})


def get(request: Control) -> dict[str, Any]:
    """Return the time, and when something is due next."""
    due = Scheduler(request.workspace).next_due()
    return {"now": request.workspace.now(), "next_due": due and written(due)}


def move(request: Control) -> dict[str, Any]:
    """Move the clock by ``advance`` or to ``now``, and return what started; ``{}`` starts what is due."""
    report = Scheduler(request.workspace).move_to(_target(request))
    return {"now": request.workspace.now(), **report.shown()}


def _target(request: Control) -> datetime:
    body, now = request.body, request.workspace.clock()
    if not body.keys() <= _KEYS or len(body) > 1:
        raise bad_input('Send {"advance": "1h30m"} or {"now": "2026-11-24T06:00:00Z"}.')
    try:
        time = _read(body, now)
    except ValueError as error:
        raise bad_input(str(error)) from error
    if time < now:
        raise bad_input(f"The clock is at {request.workspace.now()} already and cannot be moved back.")
    if time > LAST:
        raise bad_input(f"The clock cannot be moved beyond {written(LAST)}.")
    return time


def _read(body: dict[str, Any], now: datetime) -> datetime:
    value = body.get("advance", body.get("now"))
    if not body:
        return now
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise bad_input(f"{value!r} is not a duration or a time.")
    return now + read_duration(str(value)) if "advance" in body else read_time(str(value))


ROUTES: Final[tuple[Route, ...]] = (control("GET", "/clock", get), control("POST", "/clock", move))
