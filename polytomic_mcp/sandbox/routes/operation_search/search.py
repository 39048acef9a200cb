"""Operation search: plain words in, operations out, ranked by this project's own index.

The probabilities are a guess: what is ranked lower is half as likely as what stands above it.
"""

import hashlib
from importlib.resources import files
from typing import Any, Final

from polytomic_mcp.catalogue import Operation, load_catalogue
from polytomic_mcp.catalogue.search import load_index
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError, bad_request
from polytomic_mcp.sandbox.routes.operation_search import budgets as search_budgets
from polytomic_mcp.sandbox.workspace.workspace import written

MOST_QUESTIONS: Final = 3
MOST_MATCHES: Final = 10
USUAL_MATCHES: Final = 5

_NO_MATCH: Final = 0.1
"""The probability that none of the matches is meant, where there are some."""


def get_availability(call: Call) -> JsonObject:
    """Say whether one more question would be answered now; asking this spends nothing."""
    limit = search_budgets.exceeded(call.workspace, call.credential.organization_id, 1)
    if limit is None:
        return {"data": {"enabled": True}}
    limited = {"reason": limit.reason, "reset_at": written(limit.reset_at)}
    return {"data": {"enabled": True, "rate_limited": limited}}


def search(call: Call) -> JsonObject:
    """Rank the operations for each of up to three questions."""
    questions: list[str] = call.arguments["queries"]
    limit: int = call.arguments.get("limit", USUAL_MATCHES)
    if not 1 <= len(questions) <= MOST_QUESTIONS or not all(each.strip() for each in questions):
        raise bad_request(
            call.operation, f"queries must hold one to {MOST_QUESTIONS} questions, none of them empty"
        )
    if not 1 <= limit <= MOST_MATCHES:
        raise bad_request(call.operation, f"limit must lie within 1 and {MOST_MATCHES}")
    among = _among(call)
    with call.workspace.store.transaction():
        _require_budget(call, len(questions))
        search_budgets.spend(call.workspace, call.credential.organization_id, len(questions))
    results = [_result(question, among, limit) for question in questions]
    return {"data": {"sourceSha256": _digest(), "results": results}}


def _among(call: Call) -> set[str]:
    """Return the ids of the operations to rank: those the caller names, or all."""
    catalogue = load_catalogue()
    asked: list[str] | None = call.arguments.get("operationIds")
    if asked is None:
        return set(catalogue)
    unknown = [each for each in asked if each not in catalogue]
    if unknown or not asked or len(set(asked)) < len(asked):
        shown = f"; unknown: {', '.join(each[:100] for each in unknown[:3])}" if unknown else ""
        raise bad_request(call.operation, f"operationIds must be known, different, and one at least{shown}")
    return set(asked)


def _require_budget(call: Call, questions: int) -> None:
    limit = search_budgets.exceeded(call.workspace, call.credential.organization_id, questions)
    if limit is not None:
        seconds = -(-(limit.reset_at - call.workspace.clock()).total_seconds() // 1)
        raise RefusalError(
            429,
            f"{call.operation}: the budget {limit.reason} is used up until {written(limit.reset_at)}.",
            key=limit.reason,
            headers={"Retry-After": str(int(seconds))},
        )


def _result(question: str, among: set[str], limit: int) -> dict[str, Any]:
    found = [operation for operation in load_index().search(question) if operation.id in among][:limit]
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


ROUTES: Final[Routes] = {
    "GET /api/operations/search/availability": get_availability,
    "POST /api/operations/search": search,
}
