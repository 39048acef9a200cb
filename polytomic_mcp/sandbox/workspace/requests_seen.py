"""The last requests that a sandbox's API received, with their status and the faults that applied.

Headers, queries and bodies are not stored, since they may contain secrets.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

MOST: Final = 1_000
"""The maximum number of requests that are stored."""


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """One request. ``path`` is as it was sent, still quoted, without its query.

    ``operation`` is None if no operation has the path, ``status`` is None if the connection broke before an
    answer. ``faults`` are the ids of the rules that applied; ``header`` means a fault from a header.
    """

    time: str
    method: str
    path: str
    operation: str | None
    status: int | None
    milliseconds: float
    faults: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON."""
        return asdict(self)


class RequestsSeen:
    """The last requests of one sandbox, oldest first, to iterate, count or clear. Thread-safe."""

    def __init__(self, most: int = MOST) -> None:
        self._lock = threading.Lock()
        self._requests: deque[RequestSeen] = deque(maxlen=most)

    def __iter__(self) -> Iterator[RequestSeen]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, request: RequestSeen) -> None:
        """Add a request that has ended."""
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        """Remove all requests."""
        with self._lock:
            self._requests.clear()
