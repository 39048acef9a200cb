"""The query runner: a query is submitted, then polled until its rows are available."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.models import queries
from polytomic_mcp.sandbox.resources.models.models import require_healthy


def run(call: Call) -> JsonObject:
    """Submit a query and return its ID. An error in it shows when it is polled."""
    connection = require_healthy(call.workspace, call.arguments["connection_id"])
    query: str = call.arguments.get("query", "")
    if not query.strip():
        raise RefusalError(
            400,
            f"{call.operation} needs a query. Send it as the parameter query or in the body.",
            key="bad_request",
        )
    return {"data": queries.submit(call.workspace, connection, query, call.credential.user_id)}


def get(call: Call) -> JsonObject:
    """Return a query's status and, once it is done, a page of its rows."""
    page: str | None = call.arguments.get("page")
    return queries.results(call.workspace, call.arguments["id"], page, call.credential.user_id)


ROUTES: Final[Routes] = {
    "POST /api/connections/{connection_id}/query": run,
    "GET /api/queries/{id}": get,
}
