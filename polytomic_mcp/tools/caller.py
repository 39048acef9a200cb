"""Who calls the tools: one API client, and the clock by which that caller waits."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from polytomic_mcp.client import Polytomic


@dataclass(frozen=True, slots=True)
class Caller:
    """What a tool needs of the one who calls it. ``sleep`` and ``now`` are in seconds.

    ``updating`` is held from reading an object to writing it whole: of two updates at the same time,
    the later must read what the earlier wrote.
    """

    api: Polytomic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    now: Callable[[], float] = anyio.current_time
    updating: anyio.Lock = field(default_factory=anyio.Lock)
