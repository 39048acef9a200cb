"""The operations that depart from the rule, and how: nothing else in the client knows them."""

from dataclasses import replace
from typing import Final
from uuid import uuid4

from polytomic_mcp.catalogue import Operation, Request

__all__ = ["adapt", "answers_with_a_file", "own_headers"]

_RUN_QUERY: Final = "POST /api/connections/{connection_id}/query"
_RUN_HARBOR_QUERY: Final = "POST /api/harbors/{harbor_id}/query"
_LOG_FILE: Final = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"

_LONGEST_QUERY_IN_URL: Final = 2048  # bytes; proxies and servers cut URLs not far above


def adapt(request: Request) -> Request:
    """Write a query twice, in the URL as the SDK does and in the body as the guide does.

    Sources disagree on which the API reads. A query too long for a URL goes in the body only.
    """
    if request.operation.id != _RUN_QUERY or not request.query:
        return request
    sql = request.query[0][1]
    is_short = len(sql.encode()) < _LONGEST_QUERY_IN_URL
    return replace(request, query=request.query if is_short else (), body={"query": sql})


def own_headers(operation: Operation) -> dict[str, str]:
    """Return the headers a call needs that nobody wants to think of.

    A query on a Harbor is refused without a fresh id of its activity (400), and with a used one (409).
    """
    return {"X-Polytomic-Activity-Request-ID": str(uuid4())} if operation.id == _RUN_HARBOR_QUERY else {}


def answers_with_a_file(operation: Operation) -> bool:
    """Whether the answer is a redirect to a file at a signed address, which is not JSON and not the API's."""
    return operation.id == _LOG_FILE
