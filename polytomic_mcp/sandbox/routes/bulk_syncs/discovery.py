"""What a connection offers to bulk syncs, as a source and as a destination.

Refusals are 400, as everywhere that the 2025-09-18 SDK does not name 422: only creation has that.
"""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import holds_nothing
from polytomic_mcp.sandbox.resources.bulk_syncs import destinations as bulk_destinations
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.resources.schemas import schema_cache


def get_source(call: Call) -> JsonObject:
    """Return the schemas; reading them ends a refresh of their cache."""
    connection = call.workspace.find("connection", call.arguments["id"])
    if reason := bulk_sources.unusable_reason(connection) or call.workspace.faults.outage(connection):
        raise RefusalError(400, reason, key="not_a_source")
    if reason := holds_nothing(connection["type"]["id"]):
        raise RefusalError(400, reason, key="no_data")
    schema_cache.observe(call.workspace, connection["id"])
    has_fields: bool = call.arguments.get("include_fields", False)
    return {"data": bulk_sources.describe(call.workspace, connection, has_fields=has_fields)}


def get_target(call: Call) -> JsonObject:
    """Return the form of the configuration, and the modes; 2024-02-08 has no append (its SDK)."""
    connection = call.workspace.find("connection", call.arguments["id"])
    if reason := bulk_destinations.unusable_reason(connection) or call.workspace.faults.outage(connection):
        raise RefusalError(400, reason, key="not_a_destination")
    return {"data": bulk_destinations.describe(connection, call.version)}


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/bulksync/source": get_source,
    "GET /api/connections/{id}/bulksync/target": get_target,
}
