"""The operations that depart from the API's conventions; no other module of the client knows them."""

from dataclasses import replace
from typing import Final
from uuid import uuid4

from polytomic_mcp.catalogue import Operation, Request

__all__ = ["adapt", "answers_with_a_file", "own_headers"]

_RUN_QUERY: Final = "POST /api/connections/{connection_id}/query"
_RUN_HARBOR_QUERY: Final = "POST /api/harbors/{harbor_id}/query"
_LOG_FILE: Final = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"

_LONGEST_QUERY_IN_URL: Final = 2048  # bytes; proxies and servers reject URLs not much longer than this


def adapt(request: Request) -> Request:
    """Return a request for a query with its text in the URL, as in the SDK, and in the body, as in the guide.

    Sources disagree on which one the API reads. A query that is too long for a URL is in the body only.
    """
    if request.operation.id != _RUN_QUERY or not request.query:
        return request
    sql = request.query[0][1]
    is_short = len(sql.encode()) < _LONGEST_QUERY_IN_URL
    return replace(request, query=request.query if is_short else (), body={"query": sql})


def own_headers(operation: Operation) -> dict[str, str]:
    """Return the headers that a call needs and a caller does not give.

    A query on a Harbor is refused without a new activity id (400), and with one that was used before (409).
    """
    return {"X-Polytomic-Activity-Request-ID": str(uuid4())} if operation.id == _RUN_HARBOR_QUERY else {}


def answers_with_a_file(operation: Operation) -> bool:
    """Return whether the answer redirects to a file, not JSON, at a signed address outside the API."""
    return operation.id == _LOG_FILE
