"""Does what the clock says: starts syncs that are due, and sends again the events whose pause is over.

A schedule that was due more than once while nobody looked, as between two processes of one state file,
runs once: its records would be the same, and a source is not to be flooded after a holiday (a choice).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.events import deliveries
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.schedules.timetable import Due
from polytomic_mcp.sandbox.scheduler import runs as scheduled_runs
from polytomic_mcp.sandbox.scheduler.runs import ScheduledRun
from polytomic_mcp.sandbox.workspace.workspace import Workspace

MOST_RUNS: Final = 300
"""Runs of one schedule in one move of the clock: a day of a continuous one, twelve days of an hourly one."""

PATIENCE: Final = 5.0
"""Seconds that a move of the clock waits for the runs that are under way."""

_SAME_INSTANT: Final = "another schedule of the bulk sync was due at the same time"


@dataclass(frozen=True, slots=True)
class Report:
    """What happened while the clock moved, in order."""

    started: list[JsonObject] = field(default_factory=list[JsonObject])
    skipped: list[JsonObject] = field(default_factory=list[JsonObject])
    left_out: list[JsonObject] = field(default_factory=list[JsonObject])
    deliveries: list[JsonObject] = field(default_factory=list[JsonObject])

    def shown(self) -> dict[str, Any]:
        """Return the report as JSON."""
        names = ("started", "skipped", "left_out", "deliveries")
        return {name: getattr(self, name) for name in names}


class Scheduler:
    """The schedules of one workspace. Several for one workspace are the same: they take turns."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def next_due(self) -> datetime | None:
        """Return when there is something to do next; a time that has passed means now."""
        first = next(iter(timetable.upcoming(self._workspace)), None)
        return _earliest(first and first.time, deliveries.next_due(self._workspace))

    def run_due(self) -> None:
        """Hand what is due now to the workers, and send the events that are due."""
        with self._workspace.signals.stepping:
            now = self._workspace.clock()
            dues = (due for due in timetable.upcoming(self._workspace) if due.time <= now)
            for run in _begin(self._workspace, dues):
                if run.run is not None:
                    self._workspace.run_later(run.run)
        deliveries.send_due(self._workspace)

    def move_to(self, time: datetime) -> Report:
        """Move the clock to a time, and do what becomes due on the way, each thing at its own time.

        A run is over before the next begins. One schedule runs at most ``MOST_RUNS`` times; the rest is
        left out and named. A time that has passed moves nothing: what is due now is done.
        """
        with self._workspace.signals.stepping:
            self._workspace.settle(PATIENCE)
            move = _Move(self._workspace, time)
            move.perform()
        self._workspace.signals.alarm.set()
        return move.report


class _Move:
    """One move of the clock while it is made."""

    def __init__(self, workspace: Workspace, target: datetime) -> None:
        self._workspace = workspace
        self._target = target
        self._runs: Counter[str] = Counter()
        self._left_out: dict[str, Due] = {}
        self._delivered = {each["id"] for each in workspace.store.list(deliveries.KIND)}
        self.report = Report()

    def perform(self) -> None:
        while not self._workspace.signals.closing.is_set():
            dues = [due for due in timetable.upcoming(self._workspace) if due.key not in self._left_out]
            time = _earliest(dues[0].time if dues else None, deliveries.next_due(self._workspace))
            if time is None or time > max(self._target, self._workspace.clock()):
                break
            self._workspace.clock.move_to(time)
            now = self._workspace.clock()
            self._run(due for due in dues if due.time <= now)
            self._deliver()
        self._workspace.clock.move_to(self._target)
        for due in self._left_out.values():
            self._leave_out(due)

    def _run(self, dues: Iterable[Due]) -> None:
        for run in _begin(self._workspace, filter(self._is_within_bounds, dues)):
            if run.run is not None:
                run.run()
            told = self.report.skipped if run.execution_id is None else self.report.started
            told.append(scheduled_runs.show(self._workspace, run))

    def _is_within_bounds(self, due: Due) -> bool:
        self._runs[due.key] += 1
        if self._runs[due.key] <= MOST_RUNS:
            return True
        self._left_out[due.key] = due
        return False

    def _leave_out(self, due: Due) -> None:
        run = scheduled_runs.skip(
            self._workspace, due, f"more than {MOST_RUNS} runs in one move of the clock"
        )
        self.report.left_out.append(scheduled_runs.show(self._workspace, run))

    def _deliver(self) -> None:
        deliveries.send_due(self._workspace)
        for delivery in self._workspace.store.list(deliveries.KIND):
            if delivery["id"] not in self._delivered:
                self._delivered.add(delivery["id"])
                self.report.deliveries.append(deliveries.show(delivery))


def _begin(workspace: Workspace, dues: Iterable[Due]) -> Iterator[ScheduledRun]:
    """Begin what is due, one run for each sync; each run is taken up before the next is begun."""
    begun: set[str] = set()
    for due in dues:
        if due.sync["id"] in begun:
            yield scheduled_runs.skip(workspace, due, _SAME_INSTANT)
        elif (run := scheduled_runs.begin(workspace, due)) is not None:
            begun.add(due.sync["id"])
            yield run


def _earliest(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
