"""Work that a sandbox puts off until something needs it."""

import threading
from collections.abc import Callable


class Deferred:
    """At most one piece of work; whoever needs it first does it, and the others wait. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._work: Callable[[], object] | None = None

    @property
    def is_pending(self) -> bool:
        """Whether there is work to do."""
        return self._work is not None

    def put_off(self, work: Callable[[], object]) -> None:
        """Leave work to ``finish``."""
        self._work = work

    def finish(self) -> None:
        """Do the work, if there is any; call it outside of transactions. What raises stays to be done."""
        if not self.is_pending:
            return
        with self._lock:
            if self._work is not None:
                self._work()
                self._work = None
