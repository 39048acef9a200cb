"""Has a sandbox that is served do what is due as time passes: a thread that sleeps until then."""

import logging
import threading
from typing import Final

from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from polytomic_mcp.sandbox.workspace.workspace import Workspace

LONGEST_SLEEP: Final = 3_600.0
"""Seconds after which it looks again whatever it knew: somebody may have set the machine's clock."""

BREATH: Final = 0.2
"""Seconds between two turns: many writes at a time wake it a few times only."""

_LOG: Final = logging.getLogger(__name__)


class Timer:
    """Runs from ``start`` until the workspace is closing; whatever may change what is due wakes it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._scheduler = Scheduler(workspace)
        self._thread = threading.Thread(target=self._run, name="sandbox-timer", daemon=True)

    def start(self) -> None:
        """Begin, with what came due while the sandbox was off."""
        self._thread.start()

    def stop(self) -> None:
        """Say that the sandbox ends, and wait until nothing is started any more."""
        self._workspace.signals.closing.set()
        self._workspace.signals.alarm.set()
        self._thread.join()

    def _run(self) -> None:
        signals = self._workspace.signals
        while not signals.closing.is_set():
            signals.alarm.clear()
            signals.alarm.wait(self._turn())
            signals.closing.wait(BREATH)

    def _turn(self) -> float:
        """Do what is due, and return for how many seconds there is nothing more to do."""
        try:
            self._scheduler.run_due()
            due = self._scheduler.next_due()
        except Exception:  # noqa: BLE001 - the outermost handler of a thread: one fault must not end it
            _LOG.debug("the timer failed", exc_info=True)
            return LONGEST_SLEEP
        if due is None:
            return LONGEST_SLEEP
        return min(max((due - self._workspace.clock()).total_seconds(), 0), LONGEST_SLEEP)
