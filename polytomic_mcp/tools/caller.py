"""Who calls the tools: one API client, and the clock by which that caller waits."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from polytomic_mcp.client import Polytomic


@dataclass(frozen=True, slots=True)
class Caller:
    """What a tool needs of the one who calls it. ``sleep`` and ``now`` are in seconds."""

    api: Polytomic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    now: Callable[[], float] = anyio.current_time
