"""The state of a sync, judged by its schedule, its latest runs and what keeps it from running."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from polytomic_mcp.catalogue.rules.frequencies import last_time
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.scalars import to_moment
from polytomic_mcp.tools.analysis.health.runs import Run, decisive_run, span, usual_duration
from polytomic_mcp.tools.answers.schedules import is_off
from polytomic_mcp.tools.bulk_syncs.schedules import stored_schedules

State = Literal[
    "broken",
    "failing",
    "stuck",
    "late",
    "no_rows",
    "row_errors",
    "canceled",
    "unknown",
    "running",
    "never_run",
    "inactive",
    "ok",
]
"""Worst first."""

STATES: Final[tuple[State, ...]] = get_args(State)
GRACE: Final = timedelta(minutes=15)
"""How long after its due time a run may start before the sync is late."""

STUCK_AFTER: Final = timedelta(hours=6)
"""How long a run may take before it is stuck, if its usual duration is not known."""

_STUCK_AT_LEAST: Final = timedelta(hours=1)
_STUCK_FACTOR: Final = 10

_COPIES_CHANGES: Final = "replicate"
"""The mode of a bulk sync that copies what changed, after a first run that copies everything."""

_STEADY: Final = 3
"""How many of its runs must have moved rows before one without any is a surprise."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A sync's state, the reason for it, and when the sync last succeeded."""

    state: State
    detail: str = ""
    last_success: datetime | None = None


def schedules_of(sync: JsonObject) -> list[JsonObject]:
    """Return the schedules of a sync, or of a bulk sync in either version's form."""
    stored = stored_schedules(sync)
    schedules = [stored.get("default_schedule"), *as_list(stored.get("additional_schedules"))]
    return [schedule for each in schedules if (schedule := as_object(each))]


def condition_of(
    sync: JsonObject, runs: Sequence[Run] | None, now: datetime, blockers: Sequence[str] = ()
) -> Condition:
    """Judge a sync by its latest runs, newest first, or None if they are not known.

    A sync that has a schedule but is switched off is inactive, regardless of its runs. One without a schedule
    is judged only by its runs: it is started by hand or by another system. ``blockers`` keep it from running,
    regardless of its runs.
    """
    state, detail = ("unknown", "") if runs is None else _judge(sync, runs, now)
    if blockers and not is_switched_off(sync):
        state, detail = "broken", "; ".join(blockers)
    return Condition(state, detail, next((run.ended for run in runs or () if run.is_success), None))


def _judge(sync: JsonObject, runs: Sequence[Run], now: datetime) -> tuple[State, str]:
    if runs and not runs[0].is_over:
        return _judge_running(runs, now)
    if is_switched_off(sync):
        return "inactive", ""
    ended = [run for run in runs if not run.is_canceled]
    decisive = decisive_run(ended)
    if decisive is not None and decisive.failure:
        return "failing", decisive.failure + _moment(decisive, ended)
    if sync.get("active") and (late := _lateness(sync, runs, now)):
        return "late", late
    if decisive is not None and decisive.has_rejected_rows:
        return "row_errors", f"rejected rows: {decisive.errors or 'some'}{_moment(decisive, ended)}"
    return _judge_ended(sync, runs, ended)


def _moment(run: Run, ended: Sequence[Run]) -> str:
    """Describe when a run took place, if it is not the latest."""
    if run is ended[0] or run.started is None:
        return ""
    return f", in the run of {run.started:%Y-%m-%d %H:%M} UTC; later runs had no rows"


def _judge_ended(sync: JsonObject, runs: Sequence[Run], ended: Sequence[Run]) -> tuple[State, str]:
    if runs and runs[0].is_canceled:
        return "canceled", f"the last run was canceled; rows written before that: {runs[0].moved}"
    if not ended:
        return "never_run", ""
    if _has_stopped_moving_rows(ended, _STEADY if sync.get("mode") == _COPIES_CHANGES else 1):
        return "no_rows", f"moved no rows; earlier runs moved up to {max(run.moved for run in ended)}"
    return "ok", ""


def _judge_running(runs: Sequence[Run], now: datetime) -> tuple[State, str]:
    started = runs[0].started
    if started is None:
        return "running", ""
    usual = usual_duration(runs)
    limit = max(usual * _STUCK_FACTOR, _STUCK_AT_LEAST) if usual is not None else STUCK_AFTER
    lasting = now - started
    if lasting <= limit:
        return "running", f"for {span(lasting)}"
    usually = f", usually {span(usual)}" if usual is not None else ""
    return "stuck", f"{runs[0].status} for {span(lasting)}{usually}"


def is_switched_off(sync: JsonObject) -> bool:
    """Whether a sync has a schedule that does not run it, because it is inactive."""
    return is_off(schedules_of(sync), is_active=bool(sync.get("active")))


def _lateness(sync: JsonObject, runs: Sequence[Run], now: datetime) -> str:
    """Describe how long a run has been overdue; return an empty text if none is.

    Due times before the sync's last change do not count, because the schedule may have changed then.
    """
    changed = to_moment(sync.get("updated_at"))
    seen = [moment for run in runs[:1] for moment in (run.started, run.ended) if moment is not None]
    due_times = [last_time(schedule, now - GRACE) for schedule in schedules_of(sync)]
    missed = [
        due
        for due in due_times
        if due is not None
        and (changed is None or due > changed)
        and not any(moment >= due for moment in seen)
    ]
    return f"was due {span(now - max(missed))} ago" if missed else ""


def _has_stopped_moving_rows(ended: Sequence[Run], least: int) -> bool:
    """Whether the latest successful run moved no rows, but most earlier ones did, ``least`` or more."""
    done = [run for run in ended if run.is_success]
    before = [run for run in done[1:] if run.moved]
    return bool(done) and not done[0].moved and len(before) * 2 > len(done[1:]) and len(before) >= least
