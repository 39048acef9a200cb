"""The clock of a sandbox: real time or a test's, plus how far it has been moved ahead."""

import threading
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.sandbox.common.times import Clock
from polytomic_mcp.sandbox.data.store import Store

_KIND: Final = "clock"
_MICROSECOND: Final = timedelta(microseconds=1)


class MovableClock:
    """A clock that can be moved ahead of another one, and never back.

    The offset is stored, so a restarted sandbox continues where it was. ``start`` is its
    first time, which may be in the past; the clock of a store that was used before can only be moved ahead.

    Raises:
        ValueError: The store's own time is later than ``start``.
    """

    def __init__(self, base: Clock, store: Store, *, start: datetime | None = None) -> None:
        self._base = base
        self._store = store
        self._lock = threading.Lock()
        stored = store.get(_KIND, _KIND)
        self._ahead = _MICROSECOND * (stored["ahead"] if stored else 0)
        if start is not None:
            self._start_at(start, is_new=stored is None)
        elif stored is None:
            self._set(self._ahead)

    def __call__(self) -> datetime:
        """Return the time now, aware and in UTC."""
        return self._base() + self._ahead

    def advance(self, duration: timedelta) -> None:
        """Move the clock ahead by a duration; a negative one is ignored."""
        self.move_to(self() + duration)

    def move_to(self, time: datetime) -> None:
        """Move the clock ahead to a time; one that has passed is ignored."""
        with self._lock:
            missing = time - self()
            if missing > timedelta():
                self._set(self._ahead + missing)

    def _start_at(self, start: datetime, *, is_new: bool) -> None:
        if not is_new and start < self():
            raise ValueError(
                f"The sandbox's clock is at {self().isoformat()} already and cannot be moved back."
            )
        self._set(self._ahead + (start - self()))

    def _set(self, ahead: timedelta) -> None:
        self._store.put(_KIND, _KIND, {"id": _KIND, "ahead": ahead // _MICROSECOND})
        self._ahead = ahead


class StoppedClock(MovableClock):
    """A clock that stands at a time."""

    def __init__(self, time: datetime, store: Store) -> None:
        super().__init__(lambda: time, store)

    def __call__(self) -> datetime:
        """Return the time, aware and in UTC."""
        return self._base()
