"""When syncs are due: what the API shows as their next time is what the scheduler starts them by.

A schedule goes on from its mark, the last instant it was due, or from the last change of its sync,
whichever is later: a sync that is switched on makes up for nothing. A schedule of frequency
``runafter`` is due when each of the others has ended a run since it was last due (a guess: the API does
not say whether one suffices); one that was deleted is not waited for, and a test run does not count.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.runs import bulk_executions, executions
from polytomic_mcp.sandbox.resources.schedules import bulk_schedules, sync_schedules
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

_MARK: Final = "schedule_mark"
_HISTORIES: Final = {"sync": executions.of_sync, "bulk_sync": bulk_executions.of_sync}
_ENDED: Final = ("completed", "errors", "failed", "canceled")
_SUCCEEDED: Final = ("completed",)


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule of a ``sync`` or ``bulk_sync`` and the instant it is due next."""

    kind: str
    sync: JsonObject
    schedule: JsonObject
    time: datetime

    @property
    def key(self) -> str:
        """The id of the schedule; a model sync has one schedule, which goes by the sync's."""
        return _key(self.kind, self.sync, self.schedule)


def upcoming(workspace: Workspace) -> list[Due]:
    """Return every schedule of an active sync that is due some time, the nearest first.

    Of those due at the same instant, model syncs come first, each kind in the order of creation; of a
    bulk sync's own, the additional ones come before the default one, which is back sooner.
    """
    found = [
        due
        for kind in _HISTORIES
        for sync in workspace.store.list(kind, {"active": True})
        for due in _dues(workspace, kind, sync)
    ]
    return sorted(found, key=lambda due: due.time)


def next_time(workspace: Workspace, kind: str, sync: JsonObject) -> datetime | None:
    """Return when an active sync is due next, or None; one that is overdue is due now."""
    times = [due.time for due in _dues(workspace, kind, sync)] if sync["active"] else []
    return max(min(times), workspace.clock()) if times else None


def show_next_time(workspace: Workspace, kind: str, sync: JsonObject) -> str | None:
    """Return the next time as the API writes it."""
    due = next_time(workspace, kind, sync)
    return due and written(due)


def skip(workspace: Workspace, due: Due) -> None:
    """Note that the schedule was due: it goes on from there, or from now where it missed more than one."""
    following = sync_schedules.next_time(due.schedule, due.time)
    now = workspace.clock()
    is_late = following is not None and following <= now
    seen = {
        id_: ended[-1]["_number"]
        for kind, id_ in _predecessors(workspace, due.schedule)
        if (ended := _ended(workspace, kind, id_, due.schedule))
    }
    mark: JsonObject = {
        "id": due.key,
        "_sync_id": due.sync["id"],
        "since": written(now if is_late else due.time),
        "seen": seen,
    }
    workspace.store.put(_MARK, due.key, mark)


def forget(workspace: Workspace, sync_id: str) -> None:
    """Forget when a sync that is deleted was due."""
    for mark in workspace.store.list(_MARK, {"_sync_id": sync_id}):
        workspace.store.delete(_MARK, mark["id"])


def _dues(workspace: Workspace, kind: str, sync: JsonObject) -> Iterator[Due]:
    changed = datetime.fromisoformat(sync["updated_at"])
    for schedule in _schedules(kind, sync):
        mark = workspace.store.get(_MARK, _key(kind, sync, schedule)) or {"seen": {}}
        if schedule["frequency"] == "runafter":
            time = _after_others(workspace, schedule, changed, mark["seen"])
        else:
            since = max(changed, datetime.fromisoformat(mark.get("since", sync["updated_at"])))
            time = sync_schedules.next_time(schedule, since)
        if time is not None:
            yield Due(kind, sync, schedule, time)


def _schedules(kind: str, sync: JsonObject) -> list[JsonObject]:
    if kind == "sync":
        return [sync["schedule"]]
    default, *additional = bulk_schedules.of(sync)
    return [*additional, default]


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
    named: Mapping[str, Iterable[str] | None] = schedule.get("run_after") or {}
    for kind in _HISTORIES:
        for id_ in named.get(f"{kind}_ids") or ():
            if workspace.store.get(kind, id_) is not None:
                yield kind, id_


def _ended(workspace: Workspace, kind: str, id_: str, schedule: Mapping[str, Any]) -> list[JsonObject]:
    states = _SUCCEEDED if schedule.get("run_after_success_only") else _ENDED
    return [
        each
        for each in _HISTORIES[kind](workspace, id_)
        if each["status"] in states and not each["_request"].get("test")
    ]
