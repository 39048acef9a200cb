"""Starts the syncs that are due, and sends the events that are due again.

A schedule that was due several times while no process ran runs once: further runs would move the same records
(a choice).
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
"""The most runs of one schedule in a move of the clock: a day if continuous, or twelve days if hourly."""

PATIENCE: Final = 5.0
"""How many seconds a move of the clock waits for runs that are under way."""

_SAME_TIME: Final = "another schedule of the bulk sync was due at the same time"


@dataclass(frozen=True, slots=True)
class Report:
    """What happened during a move of the clock, in order."""

    started: list[JsonObject] = field(default_factory=list[JsonObject])
    skipped: list[JsonObject] = field(default_factory=list[JsonObject])
    left_out: list[JsonObject] = field(default_factory=list[JsonObject])
    deliveries: list[JsonObject] = field(default_factory=list[JsonObject])

    def shown(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        names = ("started", "skipped", "left_out", "deliveries")
        return {name: getattr(self, name) for name in names}


class Scheduler:
    """Runs the schedules of one workspace; several schedulers of one workspace take turns."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def next_due(self) -> datetime | None:
        """Return when something is due next, which may be in the past; None if nothing is."""
        self._workspace.deferred.finish()
        first = next(iter(timetable.upcoming(self._workspace)), None)
        return _earliest(first and first.time, deliveries.next_due(self._workspace))

    def run_due(self) -> None:
        """Start what is due now on the workers, and send the events that are due."""
        self._workspace.deferred.finish()
        with self._workspace.signals.stepping:
            self._workspace.finish_rest()
            now = self._workspace.clock()
            dues = (due for due in timetable.upcoming(self._workspace) if due.time <= now)
            for run in _begin(self._workspace, dues):
                if run.run is not None:
                    self._workspace.run_later(run.run)
        deliveries.send_due(self._workspace)

    def move_to(self, time: datetime) -> Report:
        """Move the clock to a time, and run everything that is due until then, each at its own time.

        Each run ends before the next begins. A schedule runs at most ``MOST_RUNS`` times; if it was due more
        often, the report says so under ``left_out``. A time in the past runs what is due now.
        """
        self._workspace.deferred.finish()
        with self._workspace.signals.stepping:
            self._workspace.settle(PATIENCE)
            self._workspace.finish_rest()
            move = _Move(self._workspace, time)
            move.perform()
        self._workspace.signals.alarm.set()
        return move.report


class _Move:
    """One move of the clock."""

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
        for run in _begin(self._workspace, filter(self._is_within_limit, dues)):
            if run.run is not None:
                run.run()
            entries = self.report.skipped if run.execution_id is None else self.report.started
            entries.append(scheduled_runs.show(self._workspace, run))

    def _is_within_limit(self, due: Due) -> bool:
        self._runs[due.key] += 1
        if self._runs[due.key] <= MOST_RUNS:
            return True
        self._left_out[due.key] = due
        return False

    def _leave_out(self, due: Due) -> None:
        reason = f"more than {MOST_RUNS} runs in one move of the clock"
        run = scheduled_runs.skip(self._workspace, due, reason)
        self.report.left_out.append(scheduled_runs.show(self._workspace, run))

    def _deliver(self) -> None:
        deliveries.send_due(self._workspace)
        for delivery in self._workspace.store.list(deliveries.KIND):
            if delivery["id"] not in self._delivered:
                self._delivered.add(delivery["id"])
                self.report.deliveries.append(deliveries.show(delivery))


def _begin(workspace: Workspace, dues: Iterable[Due]) -> Iterator[ScheduledRun]:
    """Begin one run for each sync that is due, and yield it before the next one begins."""
    begun: set[str] = set()
    for due in dues:
        if due.sync["id"] in begun:
            yield scheduled_runs.skip(workspace, due, _SAME_TIME)
        elif (run := scheduled_runs.begin(workspace, due)) is not None:
            begun.add(due.sync["id"])
            yield run


def _earliest(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
