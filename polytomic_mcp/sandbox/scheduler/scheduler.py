"""Does what the clock says: starts syncs that are due, and sends again the events whose pause is over.

A schedule that was due more than once while nobody looked, as between two processes of one state file,
runs once: its records would be the same, and a source is not to be flooded after a holiday (a choice).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from polytomic_mcp.sandbox.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.events import deliveries
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.schedules.timetable import Due
from polytomic_mcp.sandbox.scheduler import runs as scheduled_runs
from polytomic_mcp.sandbox.scheduler.runs import ScheduledRun
from polytomic_mcp.sandbox.world.world import World

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
    """The schedules of one world. Several for one world are the same: they take turns."""

    def __init__(self, world: World) -> None:
        self._world = world

    def next_due(self) -> datetime | None:
        """Return when there is something to do next; a time that has passed means now."""
        first = next(iter(timetable.upcoming(self._world)), None)
        return _earliest(first and first.time, deliveries.next_due(self._world))

    def run_due(self) -> None:
        """Hand what is due now to the workers, and send the events that are due."""
        with self._world.signals.stepping:
            now = self._world.clock()
            dues = (due for due in timetable.upcoming(self._world) if due.time <= now)
            for run in _begin(self._world, dues):
                if run.run is not None:
                    self._world.run_later(run.run)
        deliveries.send_due(self._world)

    def move_to(self, time: datetime) -> Report:
        """Move the clock to a time, and do what becomes due on the way, each thing at its own time.

        A run is over before the next begins. One schedule runs at most ``MOST_RUNS`` times; the rest is
        left out and named. A time that has passed moves nothing: what is due now is done.
        """
        with self._world.signals.stepping:
            self._world.settle(PATIENCE)
            move = _Move(self._world, time)
            move.perform()
        self._world.signals.alarm.set()
        return move.report


class _Move:
    """One move of the clock while it is made."""

    def __init__(self, world: World, target: datetime) -> None:
        self._world = world
        self._target = target
        self._runs: Counter[str] = Counter()
        self._left_out: dict[str, Due] = {}
        self._delivered = {each["id"] for each in world.store.list(deliveries.KIND)}
        self.report = Report()

    def perform(self) -> None:
        while not self._world.signals.closing.is_set():
            dues = [due for due in timetable.upcoming(self._world) if due.key not in self._left_out]
            time = _earliest(dues[0].time if dues else None, deliveries.next_due(self._world))
            if time is None or time > max(self._target, self._world.clock()):
                break
            self._world.clock.move_to(time)
            now = self._world.clock()
            self._run(due for due in dues if due.time <= now)
            self._deliver()
        self._world.clock.move_to(self._target)
        for due in self._left_out.values():
            self._leave_out(due)

    def _run(self, dues: Iterable[Due]) -> None:
        for run in _begin(self._world, filter(self._is_within_bounds, dues)):
            if run.run is not None:
                run.run()
            told = self.report.skipped if run.execution_id is None else self.report.started
            told.append(scheduled_runs.show(self._world, run))

    def _is_within_bounds(self, due: Due) -> bool:
        self._runs[due.key] += 1
        if self._runs[due.key] <= MOST_RUNS:
            return True
        self._left_out[due.key] = due
        return False

    def _leave_out(self, due: Due) -> None:
        run = scheduled_runs.skip(self._world, due, f"more than {MOST_RUNS} runs in one move of the clock")
        self.report.left_out.append(scheduled_runs.show(self._world, run))

    def _deliver(self) -> None:
        deliveries.send_due(self._world)
        for delivery in self._world.store.list(deliveries.KIND):
            if delivery["id"] not in self._delivered:
                self._delivered.add(delivery["id"])
                self.report.deliveries.append(deliveries.show(delivery))


def _begin(world: World, dues: Iterable[Due]) -> Iterator[ScheduledRun]:
    """Begin what is due, one run for each sync; each run is taken up before the next is begun."""
    begun: set[str] = set()
    for due in dues:
        if due.sync["id"] in begun:
            yield scheduled_runs.skip(world, due, _SAME_INSTANT)
        elif (run := scheduled_runs.begin(world, due)) is not None:
            begun.add(due.sync["id"])
            yield run


def _earliest(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
