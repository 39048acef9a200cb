"""The requests a sandbox's API saw, the last ones: what was asked, how it was answered, which faults struck.

Nothing of a request's headers, query or body is kept: they may hold secrets.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

MOST: Final = 1_000
"""Requests that are kept; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """One request. ``path`` is as it came, still quoted, without its query.

    ``operation`` is None where no operation has the path, ``status`` None where the connection broke before
    an answer. ``faults`` are the ids of the rules that struck; one that a header asked for is ``header``.
    """

    time: str
    method: str
    path: str
    operation: str | None
    status: int | None
    milliseconds: float
    faults: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


class RequestsSeen:
    """The last requests of one sandbox, oldest first; iterate, count, or clear. Safe for several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._lock = threading.Lock()
        self._requests: deque[RequestSeen] = deque(maxlen=most)

    def __iter__(self) -> Iterator[RequestSeen]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, request: RequestSeen) -> None:
        """Keep a request that ended."""
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._requests.clear()
