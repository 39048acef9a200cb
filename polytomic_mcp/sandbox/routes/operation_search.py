"""Operation search: questions in plain words, answered from this project's own index within the API's limits.

The probabilities are a guess: each match is half as likely as the one ranked above it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final

from polytomic_mcp.catalogue import Operation, load_catalogue
from polytomic_mcp.catalogue.search import load_index
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError, bad_request
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

MOST_QUESTIONS: Final = 3
MOST_MATCHES: Final = 10
USUAL_MATCHES: Final = 5

_NO_MATCH: Final = 0.1
"""The probability that none of the matches is meant, if there are any."""

_KIND: Final = "search_budget"
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExceededLimit:
    """A rate limit that is exceeded: its name in the API's words, and when it resets."""

    reason: str
    reset_at: datetime


@dataclass(frozen=True, slots=True)
class _RateLimit:
    """A number of questions per UTC minute or day, of one organization or of all."""

    reason: str
    questions: int
    window: timedelta
    is_global: bool = False

    def window_start(self, now: datetime) -> datetime:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight if self.window == _DAY else now.replace(second=0, microsecond=0)


_RATE_LIMITS: Final = (
    _RateLimit("organization.minute.limit", 12, _MINUTE),
    _RateLimit("organization.daily.limit", 300, _DAY),
    _RateLimit("global.minute.limit", 60, _MINUTE, is_global=True),
)
"""The limits of the API's documentation."""


def get_availability(call: Call) -> JsonObject:
    """Return whether one more question would be answered now; this call does not count."""
    exceeded = _exceeded_limit(call.workspace, call.credential.organization_id, 1)
    if exceeded is None:
        return {"data": {"enabled": True}}
    limited = {"reason": exceeded.reason, "reset_at": written(exceeded.reset_at)}
    return {"data": {"enabled": True, "rate_limited": limited}}


def search(call: Call) -> JsonObject:
    """Rank the operations for each of up to three questions."""
    questions: list[str] = call.arguments["queries"]
    limit: int = call.arguments.get("limit", USUAL_MATCHES)
    if not 1 <= len(questions) <= MOST_QUESTIONS or not all(each.strip() for each in questions):
        raise bad_request(
            call.operation, f"queries must have one to {MOST_QUESTIONS} questions, none of them empty"
        )
    if not 1 <= limit <= MOST_MATCHES:
        raise bad_request(call.operation, f"limit must be between 1 and {MOST_MATCHES}")
    candidates = _candidates(call)
    with call.workspace.store.transaction():
        _require_within_limits(call, len(questions))
        _count(call.workspace, call.credential.organization_id, len(questions))
    results = [_result(question, candidates, limit) for question in questions]
    return {"data": {"sourceSha256": _digest(), "results": results}}


def _candidates(call: Call) -> set[str]:
    """Return the ids of the operations to rank: those in ``operationIds``, or all."""
    catalogue = load_catalogue()
    ids: list[str] | None = call.arguments.get("operationIds")
    if ids is None:
        return set(catalogue)
    for id_ in ids:
        if id_ not in catalogue:
            raise bad_request(call.operation, unknown("operation", id_, catalogue))
    if not ids or len(set(ids)) < len(ids):
        raise bad_request(call.operation, "operationIds must have at least one id, and no id twice")
    return set(ids)


def _result(question: str, candidates: set[str], limit: int) -> dict[str, Any]:
    found = [operation for operation in load_index().search(question) if operation.id in candidates][:limit]
    weights = [0.5**rank for rank in range(len(found))]
    matches = [
        _match(operation, (1 - _NO_MATCH) * weight / sum(weights))
        for operation, weight in zip(found, weights, strict=True)
    ]
    return {"query": question, "matches": matches, "noMatchProbability": _NO_MATCH if found else 1.0}


def _match(operation: Operation, probability: float) -> dict[str, Any]:
    path = operation.path.replace("~", "~0").replace("/", "~1")
    return {
        "id": operation.id,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "authAudience": "user",
        "openapiPointer": f"/paths/{path}/{operation.method.lower()}",
        "selectionProbability": round(probability, 4),
    }


def _digest() -> str:
    """Return the digest of the catalogue that is searched."""
    return hashlib.sha256((files("polytomic_mcp.catalogue") / "operations.json").read_bytes()).hexdigest()


def _require_within_limits(call: Call, questions: int) -> None:
    exceeded = _exceeded_limit(call.workspace, call.credential.organization_id, questions)
    if exceeded is not None:
        seconds = -(-(exceeded.reset_at - call.workspace.clock()).total_seconds() // 1)
        raise RefusalError(
            429,
            f"{call.operation}: {exceeded.reason} is exceeded; retry after {written(exceeded.reset_at)}.",
            key=exceeded.reason,
            headers={"Retry-After": str(int(seconds))},
        )


def _exceeded_limit(workspace: Workspace, organization_id: str, questions: int) -> ExceededLimit | None:
    """Return the limit that this many questions would exceed, of several the last to reset; or None."""
    exceeded = [
        ExceededLimit(limit.reason, start + limit.window)
        for limit, _, start, count in _counts(workspace, organization_id)
        if count + questions > limit.questions
    ]
    return max(exceeded, key=lambda limit: limit.reset_at, default=None)


def _count(workspace: Workspace, organization_id: str, questions: int) -> None:
    """Count answered questions towards every limit."""
    for _, id_, start, count in list(_counts(workspace, organization_id)):
        workspace.store.put(_KIND, id_, {"start": start.isoformat(), "used": count + questions})


def _counts(workspace: Workspace, organization_id: str) -> Iterator[tuple[_RateLimit, str, datetime, int]]:
    """Yield each limit with its id in the store, the start of its window and the questions in it."""
    now = workspace.clock()
    for limit in _RATE_LIMITS:
        id_ = limit.reason if limit.is_global else f"{organization_id}/{limit.reason}"
        start = limit.window_start(now)
        stored = workspace.store.get(_KIND, id_)
        count = stored["used"] if stored and stored["start"] == start.isoformat() else 0
        yield limit, id_, start, count


ROUTES: Final[Routes] = {
    "GET /api/operations/search/availability": get_availability,
    "POST /api/operations/search": search,
}
