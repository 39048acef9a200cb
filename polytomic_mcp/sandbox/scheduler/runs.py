"""The run of a schedule that is due: begun, skipped, or stored as failed if its start is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.resources.bulk_syncs import starts as bulk_starts
from polytomic_mcp.sandbox.resources.bulk_syncs.movement import runner as bulk_runner
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.schedules.timetable import Due
from polytomic_mcp.sandbox.resources.syncs import starts as sync_starts
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

_STARTS: Final = {"sync": sync_starts, "bulk_sync": bulk_starts}
_RUNNERS: Final = {"sync": runner.run, "bulk_sync": bulk_runner.run}


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """The outcome of a schedule that was due: an execution, or the ``reason`` why there is none.

    ``run`` runs the execution to its end; it is None if the execution has already failed.
    """

    due: Due
    execution_id: str | None = None
    reason: str | None = None
    run: Callable[[], object] | None = None


def skip(workspace: Workspace, due: Due, reason: str) -> ScheduledRun:
    """Store that a schedule was due, without a run."""
    timetable.mark_due(workspace, due)
    return ScheduledRun(due, reason=reason)


def begin(workspace: Workspace, due: Due) -> ScheduledRun | None:
    """Store the execution of a schedule that is due; None if its sync is gone or inactive.

    That it was due is stored in the same transaction, so that a process that is killed starts nothing twice.
    """
    with workspace.store.transaction():
        sync = workspace.store.get(due.kind, due.sync["id"])
        if sync is None or not sync["active"]:
            return None
        if history.current(workspace, due.kind, sync["id"]) is not None:
            return skip(workspace, due, "an execution is under way")
        request = (
            {"trigger": "schedule"} if due.kind == "sync" else bulk_schedules.request(sync, due.schedule)
        )
        if request is None:
            return skip(workspace, due, "none of the schedule's schemas is enabled")
        timetable.mark_due(workspace, due)
        return _start(workspace.within(sync["organization_id"]), due, sync, request)


def show(workspace: Workspace, run: ScheduledRun) -> JsonObject:
    """Return a run as JSON, with the current status of its execution."""
    schedule = {} if run.due.kind == "sync" else {"schedule_id": run.due.schedule["id"]}
    shown: JsonObject = {f"{run.due.kind}_id": run.due.sync["id"], **schedule, "due": written(run.due.time)}
    if run.execution_id is None:
        return shown | {"reason": run.reason}
    execution = workspace.store.get(history.KINDS[run.due.kind], run.execution_id) or {}
    return shown | {"execution_id": run.execution_id, "status": execution.get("status")}


def _start(workspace: Workspace, due: Due, sync: JsonObject, request: JsonObject) -> ScheduledRun:
    starts = _STARTS[due.kind]
    try:
        execution = starts.prepare(workspace, sync, request)
    except RefusalError as refusal:
        return ScheduledRun(due, starts.fail(workspace, sync, request, refusal.message)["id"])
    run = partial(_RUNNERS[due.kind], workspace, sync["id"], execution["id"])
    return ScheduledRun(due, execution["id"], run=run)
