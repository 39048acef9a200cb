"""What queries may take, and the words that refuse one that took more."""

from dataclasses import dataclass
from typing import Final

from polytomic_mcp.sandbox.data.sql.process import frames
from polytomic_mcp.sandbox.data.sql.process.database import DISK, MEMORY, ROW

MEGABYTE: Final = 1_000_000
_NARROW: Final = "narrow it down with WHERE or LIMIT"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the queries of a sandbox may take.

    A process may have ``memory`` bytes resident. Up to ``processes`` queries run at once, and another one
    waits ``patience`` seconds for them.
    """

    memory: int = 700 * MEGABYTE
    processes: int = 4
    patience: float = 30

    def failed(self, kind: str, message: str) -> str:
        """Return the words for a command that failed; ``message`` is DuckDB's."""
        return {
            MEMORY: self.took_memory(),
            DISK: f"The disk is too full for the query's temporary files; free some space, or {_NARROW}.",
            ROW: f"A row of the result is larger than {frames.LARGEST // MEGABYTE} MB. Select fewer columns.",
        }.get(kind, message)

    def took_memory(self) -> str:
        """Return the words for a query that needs more memory."""
        return f"The query needs more memory than it may have, {self.memory // MEGABYTE} MB; {_NARROW}."

    def took_time(self, seconds: float) -> str:
        """Return the words for a query that needs more time."""
        return f"The query took longer than {seconds:g} s; {_NARROW}."

    def are_used_up(self) -> str:
        """Return the words for a query for which no process became free."""
        return (
            f"The sandbox runs up to {self.processes} queries at once, and none of them ended within "
            f"{self.patience:g} s. Run this one again later."
        )
