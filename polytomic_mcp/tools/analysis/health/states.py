"""How a sync is doing, judged by its schedule and its latest runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal, Self, get_args

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.bulk_syncs.schedules import stored_schedules
from polytomic_mcp.tools.syncs.due_times import due_before, read_moment

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
"""When a run is stuck whose usual time is not known."""

_STUCK_AT_LEAST: Final = timedelta(hours=1)
_STUCK_FACTOR: Final = 10
_OVER: Final = frozenset({"completed", "failed", "canceled", "interrupted", "errors"})
_FAILED: Final = frozenset({"failed", "interrupted"})
_SUCCEEDED: Final = frozenset({"completed", "errors"})
_MOVED: Final = ("insert", "update", "upserts", "delete")


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a model sync or a bulk sync: when it ran, rows moved and rows refused.

    ``rows`` is how many it dealt with, None where it does not tell. Rows that a replacing sync removes
    beforehand are moved, but not among them.
    """

    id: str
    status: str
    started: datetime | None
    ended: datetime | None
    moved: int
    errors: int
    rows: int | None = None
    reason: str = ""
    is_test: bool = False

    @classmethod
    def of(cls, execution: JsonObject) -> Self:
        """Read an execution of either kind; a bulk sync counts records, not what became of them.

        That the records of a bulk sync are those that got through is a guess.
        """
        counts = as_object(execution.get("counts"))
        moves = {name: int(counts.get(name) or 0) for name in _MOVED if name in counts}
        total = int(counts.get("total") or execution.get("record_count") or 0)
        errors = int(counts.get("error") or execution.get("error_count") or 0)
        written = sum(moves.values()) - moves.get("delete", 0) + int(execution.get("record_count") or 0)
        is_counted = any(execution.get(name) is not None for name in ("counts", "record_count"))
        reasons = [*as_list(execution.get("errors")), execution.get("status_message")]
        return cls(
            id=str(execution.get("id")),
            status=str(execution.get("status")),
            started=read_moment(execution.get("started_at") or execution.get("created_at")),
            ended=read_moment(execution.get("completed_at")),
            moved=sum(moves.values()) if moves else total,
            errors=errors,
            rows=max(total, written + errors) if is_counted else None,
            reason=next((str(reason) for reason in reasons if reason), ""),
            is_test=execution.get("type") == "test" or bool(execution.get("is_test")),
        )

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.status in _OVER

    @property
    def is_failed(self) -> bool:
        """Whether it ended before its work was done, and nobody asked for that."""
        return self.status in _FAILED

    @property
    def is_canceled(self) -> bool:
        """Whether somebody asked for its end."""
        return self.status == "canceled"

    @property
    def has_refused(self) -> bool:
        """Whether it refused rows."""
        return self.errors > 0 or self.status == "errors"

    @property
    def is_empty(self) -> bool:
        """Whether it came to its end and there were no rows."""
        return self.is_complete and self.rows == 0 and not self.moved

    @property
    def is_refused(self) -> bool:
        """Whether it refused every row there was."""
        return self.rows is not None and 0 < self.rows <= self.errors

    @property
    def is_complete(self) -> bool:
        """Whether it came to its end, whatever became of the rows."""
        return self.status in _SUCCEEDED

    @property
    def is_success(self) -> bool:
        """Whether it came to its end and something got through, or there was nothing to refuse."""
        return self.is_complete and not self.is_refused

    @property
    def failure(self) -> str:
        """Why it counts as failed, or nothing."""
        if self.is_failed:
            return self.reason or self.status
        return f"all {self.rows} rows were refused" if self.is_refused else ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A sync's state, why it is in it, and when it last came to its end."""

    state: State
    detail: str = ""
    last_success: datetime | None = None


def runs_of(executions: object) -> list[Run]:
    """Read executions, newest first whatever their order was; test runs say nothing and are left out."""
    runs = [run for execution in as_objects(executions) if not (run := Run.of(execution)).is_test]
    return sorted(runs, key=lambda run: run.started.timestamp() if run.started else 0, reverse=True)


def schedules_of(sync: JsonObject) -> list[JsonObject]:
    """Return the schedules of a sync, or of a bulk sync in either version's spelling."""
    stored = stored_schedules(sync)
    schedules = [stored.get("default_schedule"), *as_list(stored.get("additional_schedules"))]
    return [schedule for each in schedules if (schedule := as_object(each))]


def condition_of(
    sync: JsonObject, runs: Sequence[Run] | None, now: datetime, faults: Sequence[str] = ()
) -> Condition:
    """Judge a sync by its latest runs, newest first, None where they are not known.

    A sync that is switched off though it has a schedule is inactive, whatever its runs were. One
    without a schedule is judged by its runs alone: it is started by hand or by others. ``faults`` are
    what keeps it from running, whatever its runs were.
    """
    state, detail = ("unknown", "") if runs is None else _judge(sync, runs, now)
    if faults and not _is_switched_off(sync):
        state, detail = "broken", "; ".join(faults)
    return Condition(state, detail, next((run.ended for run in runs or () if run.is_success), None))


def telling_run(runs: Sequence[Run]) -> Run | None:
    """Return the run, of those newest first, that tells how the sync is doing: the newest with any rows.

    One that had none, such as one narrowed to a selection, says nothing of rows refused before it.
    """
    with_rows = next((run for run in runs if not run.is_empty), None)
    if with_rows is not None and with_rows.has_refused:
        return with_rows
    return runs[0] if runs else None


def _judge(sync: JsonObject, runs: Sequence[Run], now: datetime) -> tuple[State, str]:
    if runs and not runs[0].is_over:
        return _under_way(runs, now)
    if _is_switched_off(sync):
        return "inactive", ""
    ended = [run for run in runs if not run.is_canceled]
    telling = telling_run(ended)
    if telling is not None and telling.failure:
        return "failing", telling.failure + _moment(telling, ended)
    if sync.get("active") and (late := _lateness(sync, runs, now)):
        return "late", late
    if telling is not None and telling.has_refused:
        return "row_errors", f"rows refused: {telling.errors or 'some'}{_moment(telling, ended)}"
    return _outcome(runs, ended)


def _moment(run: Run, ended: Sequence[Run]) -> str:
    """Say of which run something is told, where that is not the latest."""
    if run is ended[0] or run.started is None:
        return ""
    return f", by the run of {run.started:%Y-%m-%d %H:%M} UTC; those after it had no rows"


def _outcome(runs: Sequence[Run], ended: Sequence[Run]) -> tuple[State, str]:
    if runs and runs[0].is_canceled:
        return "canceled", f"the last run was canceled; rows written before that: {runs[0].moved}"
    if not ended:
        return "never_run", ""
    if _has_dried_up(ended):
        return "no_rows", f"moved no rows; up to {max(run.moved for run in ended)} before"
    return "ok", ""


def _under_way(runs: Sequence[Run], now: datetime) -> tuple[State, str]:
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


def usual_duration(runs: Sequence[Run]) -> timedelta | None:
    """Return how long a run that came to its end took in the middle, or None where there is none."""
    seconds = [
        (run.ended - run.started).total_seconds()
        for run in runs
        if run.is_complete and run.started is not None and run.ended is not None
    ]
    return timedelta(seconds=median(seconds)) if seconds else None


def _is_scheduled(sync: JsonObject) -> bool:
    return any(schedule.get("frequency") not in (None, "manual") for schedule in schedules_of(sync))


def _is_switched_off(sync: JsonObject) -> bool:
    return not sync.get("active") and _is_scheduled(sync)


def _lateness(sync: JsonObject, runs: Sequence[Run], now: datetime) -> str:
    """Say since when a run is missing, or nothing.

    A due time before the sync's last change does not count: the schedule may be newer.
    """
    changed = read_moment(sync.get("updated_at"))
    seen = [moment for run in runs[:1] for moment in (run.started, run.ended) if moment is not None]
    due_times = [due_before(schedule, now - GRACE) for schedule in schedules_of(sync)]
    missed = [
        due
        for due in due_times
        if due is not None
        and (changed is None or due > changed)
        and not any(moment >= due for moment in seen)
    ]
    return f"was due {span(now - max(missed))} ago" if missed else ""


def _has_dried_up(ended: Sequence[Run]) -> bool:
    """Tell whether the latest run moved nothing though most of those before it did."""
    done = [run for run in ended if run.is_success]
    before = [run for run in done[1:] if run.moved]
    return bool(done) and not done[0].moved and len(before) * 2 > len(done[1:])


def span(duration: timedelta) -> str:
    """Write a duration in its largest fitting unit, such as ``26 h``."""
    seconds = max(duration.total_seconds(), 0)
    for unit, size, least in (("d", 86_400, 2), ("h", 3_600, 2), ("min", 60, 2)):
        if seconds >= size * least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
