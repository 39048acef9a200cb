"""The cache of a connection's schemas: how fresh it is, and refreshing it."""

from typing import Final

from polytomic_mcp.sandbox import schema_cache
from polytomic_mcp.sandbox.call import Answer, Call, Routes
from polytomic_mcp.sandbox.refusals import RefusalError
from polytomic_mcp.sandbox.store import JsonObject


def get_status(call: Call) -> JsonObject:
    """Answer with the cache's status."""
    connection = call.world.find("connection", call.arguments["id"])
    return {"data": schema_cache.observe(call.world, connection["id"])}


def refresh(call: Call) -> Answer:
    """Start a refresh; ``Location`` says where its status is."""
    connection = call.world.find("connection", call.arguments["id"])
    if connection["status"] != "healthy":
        raise RefusalError(
            422,
            f"{call.operation}: the connection is {connection['status']}; only healthy ones are read.",
            key="connection_unhealthy",
        )
    schema_cache.start(call.world, connection["id"])
    return Answer(headers={"Location": f"/api/connections/{connection['id']}/schemas/status"})


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/schemas/status": get_status,
    "POST /api/connections/{id}/schemas/refresh": refresh,
}
