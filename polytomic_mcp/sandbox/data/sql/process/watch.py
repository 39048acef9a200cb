"""The watch over a process that runs a query: it ends one that takes too much memory or time."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Protocol, Self

from polytomic_mcp.sandbox.data.sql.process.limits import Limits

_INTERVAL: Final = 0.01
"""Seconds between two looks."""

_MARGIN: Final = 40_000_000
"""Bytes that DuckDB may fill between two looks: a process is ended before it has more than its limit."""


class Watched(Protocol):
    """A process that can be measured and ended."""

    def resident(self) -> int:
        """Return the bytes that it has in memory."""
        ...

    def kill(self, refusal: str) -> None:
        """End it for the reason that the refusal gives."""
        ...


class Watch:
    """Watches a process while the block runs.

    Memory is limited at all times, and run time only while somebody waits for an answer: the time that
    a reader takes does not count.
    """

    def __init__(self, process: Watched, limits: Limits, seconds: float) -> None:
        self._process = process
        self._limits = limits
        self._seconds = seconds
        self._left = seconds
        self._since: float | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-query-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Count the time inside the block."""
        self._since = started = time.monotonic()
        try:
            yield
        finally:
            self._since = None
            self._left -= time.monotonic() - started

    def hurry(self, seconds: float) -> None:
        """Leave it at most this number of seconds."""
        self._left = min(self._left, seconds)

    def _run(self) -> None:
        while not self._done.wait(_INTERVAL):
            if refusal := self._refusal():
                self._process.kill(refusal)
                return

    def _refusal(self) -> str | None:
        if self._process.resident() > self._limits.memory - _MARGIN:
            return self._limits.took_memory()
        since = self._since
        is_over = since is not None and time.monotonic() - since > self._left
        return self._limits.took_time(self._seconds) if is_over else None
