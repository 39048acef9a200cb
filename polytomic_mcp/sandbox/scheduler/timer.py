"""The thread that runs a served sandbox's scheduler whenever something is due."""

import logging
import threading
from typing import Final

from polytomic_mcp.sandbox.data.state_errors import StateError
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from polytomic_mcp.sandbox.workspace.workspace import Workspace

LONGEST_SLEEP: Final = 3_600.0
"""The longest sleep in seconds, since the clock of the machine may be changed."""

PAUSE: Final = 0.2
"""Seconds between two turns, so that many writes in succession wake the timer only a few times."""

RETRY: Final = 30.0
"""Seconds until the next turn after the state file could not be used, as when the disk is full."""

GRACE: Final = 3.0
"""Seconds to wait before work that was put off is done, so that it does not delay the sandbox's start."""

_LOG: Final = logging.getLogger(__name__)


class Timer:
    """Runs from ``start`` until the workspace is closing; a write that may change what is due wakes it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._scheduler = Scheduler(workspace)
        self._thread = threading.Thread(target=self._run, name="sandbox-timer", daemon=True)

    def start(self) -> None:
        """Start the thread, which first runs what became due while the sandbox was not running."""
        self._thread.start()

    def stop(self) -> None:
        """Signal that the workspace is closing, and wait for the thread to end."""
        self._workspace.signals.closing.set()
        self._workspace.signals.alarm.set()
        self._thread.join()

    def _run(self) -> None:
        signals = self._workspace.signals
        if self._workspace.deferred.is_pending:
            signals.closing.wait(GRACE)
        while not signals.closing.is_set():
            signals.alarm.clear()
            signals.alarm.wait(self._turn())
            signals.closing.wait(PAUSE)

    def _turn(self) -> float:
        """Run what is due, and return the number of seconds until something is due again."""
        try:
            self._scheduler.run_due()
            due = self._scheduler.next_due()
        except StateError:
            return RETRY
        except Exception:  # noqa: BLE001 - the outermost handler of a thread: an error must not end it
            _LOG.debug("the timer failed", exc_info=True)
            return LONGEST_SLEEP
        longest = RETRY if self._workspace.unfinished else LONGEST_SLEEP
        if due is None:
            return longest
        return min(max((due - self._workspace.clock()).total_seconds(), 0), longest)
