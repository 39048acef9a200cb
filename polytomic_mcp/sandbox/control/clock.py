"""The sandbox's clock: what time it is there, and what happens when it is moved."""

from datetime import UTC, datetime
from typing import Any, Final

from starlette.routing import Route

from polytomic_mcp.sandbox.common.times import read_duration, read_time
from polytomic_mcp.sandbox.control.route import Control, bad_input, control
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from polytomic_mcp.sandbox.workspace.workspace import written

LAST: Final = datetime(3000, 1, 1, tzinfo=UTC)
"""Beyond it the clock does not go: schedules look years ahead, and time ends in the year 9999."""

_KEYS: Final = frozenset({"advance", "now"})


def get(asked: Control) -> dict[str, Any]:
    """Answer with the time, and when there is something to do next."""
    due = Scheduler(asked.workspace).next_due()
    return {"now": asked.workspace.now(), "next_due": due and written(due)}


def move(asked: Control) -> dict[str, Any]:
    """Move the clock by ``advance`` or to ``now``, and tell what that led to; ``{}`` does what is due."""
    report = Scheduler(asked.workspace).move_to(_target(asked))
    return {"now": asked.workspace.now(), **report.shown()}


def _target(asked: Control) -> datetime:
    body, now = asked.body, asked.workspace.clock()
    if not body.keys() <= _KEYS or len(body) > 1:
        raise bad_input('Send {"advance": "1h30m"} or {"now": "2026-11-24T06:00:00Z"}.')
    try:
        time = _read(body, now)
    except ValueError as error:
        raise bad_input(str(error)) from error
    if time < now:
        raise bad_input(f"The clock is at {asked.workspace.now()} already; it never goes back.")
    if time > LAST:
        raise bad_input(f"The clock goes no further than {written(LAST)}.")
    return time


def _read(body: dict[str, Any], now: datetime) -> datetime:
    value = body.get("advance", body.get("now"))
    if not body:
        return now
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise bad_input(f"{value!r} is neither a duration nor a time.")
    return now + read_duration(str(value)) if "advance" in body else read_time(str(value))


ROUTES: Final[tuple[Route, ...]] = (control("GET", "/clock", get), control("POST", "/clock", move))
