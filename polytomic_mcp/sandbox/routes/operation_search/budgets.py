"""How many questions the operation search still takes: in windows of UTC, of an organization and of all.

The numbers are the API's documentation's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.sandbox.workspace.workspace import Workspace

_KIND: Final = "search_budget"
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget that is used up: its reason in the API's words, and when it is full again."""

    reason: str
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class _Budget:
    reason: str
    size: int
    window: timedelta
    is_shared: bool = False

    def start(self, now: datetime) -> datetime:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight if self.window == _DAY else now.replace(second=0, microsecond=0)


_BUDGETS: Final = (
    _Budget("organization.minute.limit", 12, _MINUTE),
    _Budget("organization.daily.limit", 300, _DAY),
    _Budget("global.minute.limit", 60, _MINUTE, is_shared=True),
)


def exceeded(workspace: Workspace, organization_id: str, questions: int) -> Limit | None:
    """Return the limit that so many questions would break, the last to end of several; or None."""
    broken = [
        Limit(budget.reason, start + budget.window)
        for budget, _, start, used in _read(workspace, organization_id)
        if used + questions > budget.size
    ]
    return max(broken, key=lambda limit: limit.reset_at, default=None)


def spend(workspace: Workspace, organization_id: str, questions: int) -> None:
    """Count questions that were asked."""
    for _, id_, start, used in list(_read(workspace, organization_id)):
        workspace.store.put(_KIND, id_, {"start": start.isoformat(), "used": used + questions})


def _read(workspace: Workspace, organization_id: str) -> Iterator[tuple[_Budget, str, datetime, int]]:
    now = workspace.clock()
    for budget in _BUDGETS:
        id_ = budget.reason if budget.is_shared else f"{organization_id}/{budget.reason}"
        start = budget.start(now)
        kept = workspace.store.get(_KIND, id_)
        used = kept["used"] if kept and kept["start"] == start.isoformat() else 0
        yield budget, id_, start, used
