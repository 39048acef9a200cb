"""Who calls the tools: one API client, and the clock by which that caller waits."""

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio

from polytomic_mcp.client import Polytomic
from polytomic_mcp.tools.api_access.overview_snapshots import LatestSnapshot


def utc_now() -> datetime:
    """Return the time of day by this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Caller:
    """What a tool needs of the one who calls it. ``sleep`` and ``now`` are in seconds.

    ``now`` measures waits and has no relation to the date; the date is ``clock``'s, in UTC.
    ``updating`` is held from reading an object to writing it whole: of two updates at the same time,
    the later must read what the earlier wrote. ``tools`` names the tools this caller is shown: no answer
    may lead to another. ``overview`` is what ``sync_overview`` saw last, for its next page.
    """

    api: Polytomic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    now: Callable[[], float] = anyio.current_time
    updating: anyio.Lock = field(default_factory=anyio.Lock)
    tools: AbstractSet[str] = frozenset()
    clock: Callable[[], datetime] = utc_now
    overview: LatestSnapshot = field(default_factory=LatestSnapshot)
