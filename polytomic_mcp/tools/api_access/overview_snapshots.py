"""The latest overview of a caller, kept for a minute, so that its next page asks for nothing again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.api_access.gathering import Unavailable

LIFETIME: Final = 60.0
"""Seconds for which a snapshot is kept after it was last read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every sync as it was judged, the worst first, and what could not be read."""

    rows: Sequence[JsonObject]
    unavailable: Sequence[Unavailable]


@dataclass(slots=True)
class LatestSnapshot:
    """Keeps one snapshot; ``now`` is in seconds, by the caller's ``now``."""

    _snapshot: Snapshot | None = None
    _expires: float = 0.0

    def keep(self, snapshot: Snapshot, now: float) -> None:
        """Keep a snapshot in place of the one before."""
        self._snapshot, self._expires = snapshot, now + LIFETIME

    def read(self, now: float) -> Snapshot | None:
        """Return the snapshot if it is still fresh, and keep it longer."""
        if now >= self._expires:
            self._snapshot = None
        self._expires = now + LIFETIME
        return self._snapshot
