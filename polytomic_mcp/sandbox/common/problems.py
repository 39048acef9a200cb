"""Problems of a sync's configuration, which refuse a write and are shown on a read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from polytomic_mcp.sandbox.common.refusals import RefusalError


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: ``code`` is for programs, ``path`` is the JSON path within the sync."""

    code: str
    message: str
    path: str

    def shown(self) -> dict[str, Any]:
        """Return the problem as in a sync's ``problems`` (seen in the 2025-09-18 SDK)."""
        return {"code": self.code, "message": self.message, "path": self.path, "severity": "error"}


def refusal(problems: Sequence[Problem], what: str, *, status: int = 422) -> RefusalError:
    """Return the refusal, 422 by default, that names every problem."""
    return RefusalError(
        status,
        f"{what}: " + " ".join(f"{problem.path}: {problem.message}" for problem in problems),
        key="invalid_sync",
        metadata={"problems": [problem.shown() for problem in problems]},
    )
