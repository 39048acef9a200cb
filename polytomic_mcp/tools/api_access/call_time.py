"""The time of a call: how long it may still take before its host gives it up."""

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

import anyio

from polytomic_mcp.settings import DEFAULT_CALL_SECONDS

_ON_THE_WAY: Final = 5.0
"""Seconds, at most, that a busy machine needs to bring a request in and its answer out."""

_LAST_LOOK: Final = 1.5
"""Seconds, at most, that are left for the last look at work that was waited for."""


@dataclass(slots=True)
class CallTime:
    """The time of one call, in seconds; without ``begin``, it has no end. ``now`` is the caller's clock.

    While the call is ``running``, an anyio scope has the same end. The client reads that end, and gives up
    its requests shortly before (``client/delivery.py``), so that the scope itself rarely cancels anything.
    """

    seconds: float = DEFAULT_CALL_SECONDS
    now: Callable[[], float] = anyio.current_time
    _ends: float = math.inf
    _scope: anyio.CancelScope | None = None

    @classmethod
    def begin(cls, seconds: float, now: Callable[[], float]) -> Self:
        """Return the time of a call that has just come in, and is to be answered within ``seconds``."""
        return cls(seconds, now, now() + seconds - min(seconds / 10, _ON_THE_WAY))

    @contextmanager
    def running(self) -> Generator[None]:
        """Run the call. If its time ends, cancel it and leave the block without an error."""
        with anyio.CancelScope() as self._scope:
            self._end_at(self._ends)
            yield

    @contextmanager
    def paused(self) -> Generator[None]:
        """Do not count the time of the block, in which a person is asked."""
        left = self._ends - self.now()
        self._end_at(math.inf)
        try:
            yield
        finally:
            self._end_at(self.now() + left)

    def grant(self, wanted: float | None) -> float:
        """Return for how long work may be waited for: ``wanted`` seconds, but no longer than the call lasts.

        If more than the time of a whole call is wanted, the call is extended. None means all that is left.
        """
        last = min(self.seconds / 2, _LAST_LOOK)
        if wanted is not None and wanted > self.seconds:
            self._end_at(max(self._ends, self.now() + wanted + last))
            return wanted
        left = max(0.0, min(self.seconds, self._ends - self.now()) - last)
        return left if wanted is None else min(wanted, left)

    def _end_at(self, moment: float) -> None:
        self._ends = moment
        if self._scope is not None:
            self._scope.deadline = anyio.current_time() + moment - self.now()
