"""When syncs are due: the next time that the API shows is the time at which the scheduler starts them.

The next time is counted from the schedule's mark, which is the last time it was due, or from the last change
of its sync if that is later: activating a sync does not catch up on missed runs. A schedule of frequency
``runafter`` is due when each sync it names has ended an execution since the mark (a guess: the API does not
say whether one of them is enough). Deleted syncs and test executions are ignored.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from polytomic_mcp.catalogue.rules import frequencies
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

_MARK: Final = "schedule_mark"
_ENDED: Final = ("completed", "errors", "failed", "canceled", "interrupted")
_SUCCEEDED: Final = ("completed",)


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule of a ``sync`` or ``bulk_sync``, and when it is due next."""

    kind: str
    sync: JsonObject
    schedule: JsonObject
    time: datetime

    @property
    def key(self) -> str:
        """The id of the schedule; for the one schedule of a model sync, the id of the sync."""
        return _key(self.kind, self.sync, self.schedule)


def upcoming(workspace: Workspace) -> list[Due]:
    """Return the schedules of all active syncs that have a next time, earliest first.

    At the same time, model syncs come before bulk syncs, each in order of creation. Of one bulk sync, the
    additional schedules come before the default one, which usually comes due again sooner.
    """
    found = [
        due
        for kind in history.KINDS
        for sync in workspace.store.list(kind, {"active": True})
        for due in _dues(workspace, kind, sync)
    ]
    return sorted(found, key=lambda due: due.time)


def next_time(workspace: Workspace, kind: str, sync: JsonObject) -> datetime | None:
    """Return when an active sync is due next, or None; if it is overdue, the time is now."""
    times = [due.time for due in _dues(workspace, kind, sync)] if sync["active"] else []
    return max(min(times), workspace.clock()) if times else None


def show_next_time(workspace: Workspace, kind: str, sync: JsonObject) -> str | None:
    """Return the next time in the format of the API."""
    due = next_time(workspace, kind, sync)
    return due and written(due)


def mark_due(workspace: Workspace, due: Due) -> None:
    """Store that the schedule was due: its next time counts from then, or from now if it missed several."""
    following = frequencies.next_time(due.schedule, due.time)
    now = workspace.clock()
    is_late = following is not None and following <= now
    seen = {
        id_: ended[-1]["_number"]
        for kind, id_ in _predecessors(workspace, due.schedule)
        if (ended := _ended(workspace, kind, id_, due.schedule))
    }
    document: JsonObject = {
        "id": due.key,
        "_sync_id": due.sync["id"],
        "since": written(now if is_late else due.time),
        "seen": seen,
    }
    workspace.store.put(_MARK, due.key, document)


def delete_marks(workspace: Workspace, sync_id: str) -> None:
    """Delete the marks of a deleted sync."""
    for each in workspace.store.list(_MARK, {"_sync_id": sync_id}):
        workspace.store.delete(_MARK, each["id"])


def _dues(workspace: Workspace, kind: str, sync: JsonObject) -> Iterator[Due]:
    changed = datetime.fromisoformat(sync["updated_at"])
    for schedule in _schedules(kind, sync):
        marked = workspace.store.get(_MARK, _key(kind, sync, schedule)) or {"seen": {}}
        if schedule["frequency"] == "runafter":
            time = _after_others(workspace, schedule, changed, marked["seen"])
        else:
            since = max(changed, datetime.fromisoformat(marked.get("since", sync["updated_at"])))
            time = frequencies.next_time(schedule, since)
        if time is not None:
            yield Due(kind, sync, schedule, time)


def _schedules(kind: str, sync: JsonObject) -> list[JsonObject]:
    if kind == "sync":
        return [sync["schedule"]]
    return [*sync["additional_schedules"], sync["default_schedule"]]


def _key(kind: str, sync: JsonObject, schedule: JsonObject) -> str:
    return sync["id"] if kind == "sync" else schedule["id"]


def _after_others(
    workspace: Workspace, schedule: JsonObject, changed: datetime, seen: Mapping[str, int]
) -> datetime | None:
    times: list[datetime] = []
    for kind, id_ in _predecessors(workspace, schedule):
        ends = (
            datetime.fromisoformat(execution["completed_at"])
            for execution in _ended(workspace, kind, id_, schedule)
            if execution["_number"] > seen.get(id_, 0)
        )
        end = next((end for end in ends if end >= changed), None)
        if end is None:
            return None
        times.append(end)
    return max(times, default=None)


def _predecessors(workspace: Workspace, schedule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    run_after: Mapping[str, Iterable[str] | None] = schedule.get("run_after") or {}
    for kind in history.KINDS:
        for id_ in run_after.get(f"{kind}_ids") or ():
            if workspace.store.get(kind, id_) is not None:
                yield kind, id_


def _ended(workspace: Workspace, kind: str, id_: str, schedule: Mapping[str, Any]) -> list[JsonObject]:
    states = _SUCCEEDED if schedule.get("run_after_success_only") else _ENDED
    return [
        each
        for each in history.of_sync(workspace, kind, id_)
        if each["status"] in states and not each["_request"].get("test")
    ]
