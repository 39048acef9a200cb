"""The time in a sandbox: real time, or a test's, and how far somebody moved it ahead."""

import threading
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.sandbox.common.times import Clock
from polytomic_mcp.sandbox.data.store import Store

_KIND: Final = "clock"
_MICROSECOND: Final = timedelta(microseconds=1)


class MovableClock:
    """A clock that can be moved ahead of another one, and never back.

    How far it is ahead lies in the store, so a sandbox that is started again goes on where it was.
    ``start`` is the time it shows first, earlier ones than now included; a store that was used before
    has a time of its own, which can only be moved on.

    Raises:
        ValueError: The store's own time is later than ``start``.
    """

    def __init__(self, base: Clock, store: Store, *, start: datetime | None = None) -> None:
        self._base = base
        self._store = store
        self._lock = threading.Lock()
        held = store.get(_KIND, _KIND)
        self._ahead = _MICROSECOND * (held["ahead"] if held else 0)
        if start is not None:
            self._start_at(start, is_new=held is None)
        elif held is None:
            self._keep()

    def __call__(self) -> datetime:
        """Return the time now, aware and in UTC."""
        return self._base() + self._ahead

    def advance(self, duration: timedelta) -> None:
        """Move on by a duration; one below zero moves nothing."""
        self.move_to(self() + duration)

    def move_to(self, time: datetime) -> None:
        """Move on to a time; one that has passed moves nothing."""
        with self._lock:
            missing = time - self()
            if missing > timedelta():
                self._ahead += missing
                self._keep()

    def _start_at(self, start: datetime, *, is_new: bool) -> None:
        if not is_new and start < self():
            raise ValueError(f"The sandbox's clock is at {self().isoformat()} already; it never goes back.")
        self._ahead += start - self()
        self._keep()

    def _keep(self) -> None:
        self._store.put(_KIND, _KIND, {"id": _KIND, "ahead": self._ahead // _MICROSECOND})
