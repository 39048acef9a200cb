"""Plays the runs of a sync: the engine makes each kind of run once, and recordings of it stand for the rest.

So the rows that a run moved are in its target, and what the engine remembers of a sync, such as which rows it
has moved, is there as after any good run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.catalogue.rules import frequencies
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.times import read_duration
from polytomic_mcp.sandbox.past.making import Maker
from polytomic_mcp.sandbox.past.organization import PastObject
from polytomic_mcp.sandbox.past.recordings import Recording, insert
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.schedules.timetable import Due
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.scheduler import runs as scheduled_runs
from polytomic_mcp.sandbox.workspace.workspace import written

HISTORY: Final = timedelta(days=14)
"""How far back the runs go."""

_KINDS: Final = {"POST /api/syncs": "sync", "POST /api/bulk/syncs": "bulk_sync"}
_SCHEDULES: Final = {"sync": "schedule", "bulk_sync": "default_schedule"}
_OFFSET: Final = 3
"""How many rows lie between those that one run moved and those of the next."""
_SLOWER: Final = 7
"""How many seconds one run takes more than another."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a ``sync`` or ``bulk_sync`` that was stored."""

    kind: str
    execution: JsonObject

    @property
    def moments(self) -> Iterator[tuple[str, str]]:
        """The times at which it changed, each with the status that it had from then on."""
        if self.execution["started_at"]:
            yield self.execution["started_at"], "running"
        if self.execution["completed_at"]:
            yield self.execution["completed_at"], self.execution["status"]


class Player:
    """Plays the runs of one sync; its ``runs`` say how they went (see ``data/syncs.json``)."""

    def __init__(self, maker: Maker, sync: PastObject) -> None:
        self._maker = maker
        self._kind = _KINDS[sync.operation]
        self._story: Mapping[str, Any] = sync.runs or {}
        self._change = sync.change
        self._sync = maker.workspace.find(self._kind, sync.id)
        self._schedule: JsonObject = self._sync[_SCHEDULES[self._kind]]
        self._dues = [*_dues(self._schedule, maker.now)]

    def play(self) -> list[Run]:
        """Play the runs, store them, and store when the sync was due last."""
        good, bad = self._split()
        found = [*self._good(good), *self._changed(bad)]
        timed = [
            each.at(due, number, timedelta(seconds=self._story["seconds"] + _SLOWER * (number % 4)))
            for number, (due, each) in enumerate(zip(self._dues, found, strict=False), 1)
        ]
        insert(self._maker.workspace, (document for each in timed for document in each.documents(self._kind)))
        stuck = self._hang(len(timed)) if "stuck_for" in self._story else []
        self._mark(self._dues[-1])
        return [Run(self._kind, each) for each in [*(each.execution for each in timed), *stuck]]

    def _split(self) -> tuple[list[datetime], list[datetime]]:
        """Return the due times that had a run: before the change, if there was one, and after it."""
        now, dues = self._maker.now, self._dues
        if "late_by" in self._story:
            return dues[:-1], []
        if "stuck_for" in self._story:
            hours = timedelta(hours=self._story["stuck_for"])
            return [due for due in dues if due <= now - hours][:-1], []
        if not self._change:
            return dues, []
        changed = now - read_duration(self._change["ago"])
        return [due for due in dues if due < changed], [due for due in dues if due >= changed]

    def _good(self, dues: list[datetime]) -> Iterator[Recording]:
        """Yield a recording for each run that went as it should."""
        first = self._run(dues[0])
        yield first
        moves = self._story.get("moves")
        again = self._run(dues[1]) if moves is None and dues[1:] else first
        for number, _ in enumerate(dues[1:]):
            yield again if moves is None else first.moving(moves[number % len(moves)], number * _OFFSET)

    def _changed(self, dues: list[datetime]) -> Iterator[Recording]:
        """Make the change, and yield a recording for each run after it."""
        if self._change:
            self._maker.change(self._change)
        if dues:
            failed = self._run(dues[0])
            yield from (failed for _ in dues)

    def _run(self, due: datetime) -> Recording:
        """Let the scheduler and the engine make a run."""
        view = self._maker.view(due, self._sync["id"], written(due), "played")
        due_now = Due(self._kind, self._sync, self._schedule, due)
        (run,) = filter(None, [scheduled_runs.begin(view, due_now)])
        if run.run is not None:
            run.run()
        return Recording.take(view, self._kind, str(run.execution_id))

    def _hang(self, before: int) -> list[JsonObject]:
        """Begin the run that does not end."""
        due = self._dues[before]
        view = self._maker.view(due, self._sync["id"], written(due))
        execution = executions.create(view, self._sync["id"], {"trigger": "schedule"})
        execution |= {"status": "running", "started_at": written(due), executions.HANGS: True}
        executions.save(view, execution)
        return [execution]

    def _mark(self, due: datetime) -> None:
        view = self._maker.view(due, self._sync["id"], "mark")
        timetable.mark_due(view, Due(self._kind, self._sync, self._schedule, due))


def _dues(schedule: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
    """Yield the times at which a schedule was due, oldest first."""
    due = frequencies.next_time(schedule, now - HISTORY)
    while due is not None and due <= now:
        yield due
        due = frequencies.next_time(schedule, due)
