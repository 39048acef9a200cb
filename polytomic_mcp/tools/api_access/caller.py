"""The caller of the tools: their API client, their clock, and what is stored for them between calls."""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import anyio

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.api_access.call_time import CallTime
from polytomic_mcp.tools.api_access.consent_links import ConsentLinks
from polytomic_mcp.tools.api_access.questions import OpenQuestions

if TYPE_CHECKING:
    from polytomic_mcp.tools.api_access.gathering import Unavailable

_LIFETIME: Final = 60.0
"""Seconds for which a snapshot is stored after it was last read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A list as it was read at one moment: its rows in order, and the sources that could not be read."""

    rows: Sequence[JsonObject]
    unavailable: "Sequence[Unavailable]"


@dataclass(slots=True)
class LatestSnapshot:
    """The latest snapshot, stored for a minute so that its next page sends no requests."""

    _snapshot: Snapshot | None = None
    _expires: float = 0.0

    def keep(self, snapshot: Snapshot, now: float) -> None:
        """Replace the snapshot; ``now`` is in seconds, by the caller's ``now``."""
        self._snapshot, self._expires = snapshot, now + _LIFETIME

    def read(self, now: float) -> Snapshot | None:
        """Return the snapshot and extend its lifetime; None if it has expired."""
        if now >= self._expires:
            self._snapshot = None
        self._expires = now + _LIFETIME
        return self._snapshot


@dataclass(frozen=True, slots=True)
class Caller:
    """What a tool needs from its caller. ``sleep`` and ``now`` are in seconds.

    ``now`` measures waits and is unrelated to the date; ``clock`` replaces both dates in a test. ``updating``
    is held from reading an object to writing all of it: of two concurrent updates, the later must read what
    the earlier wrote. ``tools`` names the tools that the caller is shown; answers suggest no others.
    ``overview`` is what ``sync_overview`` last read. ``questions`` are those that the client left open.
    ``time`` is that of the call: each request has a caller of its own, and the rest is shared.
    ``consent_links`` are those for which the API waits.
    """

    api: Polytomic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    now: Callable[[], float] = anyio.current_time
    updating: anyio.Lock = field(default_factory=anyio.Lock)
    tools: AbstractSet[str] = frozenset()
    clock: Callable[[], datetime] | None = None
    overview: LatestSnapshot = field(default_factory=LatestSnapshot)
    questions: OpenQuestions = field(default_factory=OpenQuestions)
    time: CallTime = field(default_factory=CallTime)
    consent_links: ConsentLinks = field(default_factory=ConsentLinks)

    def date(self) -> datetime:
        """Return the date at the API, in UTC: what it wrote is compared with it."""
        return self.clock() if self.clock else self.api.date()

    def own_date(self) -> datetime:
        """Return this machine's date, in UTC, for what the API knows nothing of."""
        return self.clock() if self.clock else datetime.now(UTC)
