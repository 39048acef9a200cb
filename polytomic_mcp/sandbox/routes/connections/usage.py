"""What a connection was used for: calls in the last day, and the console of what was read from it."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.connections import usage
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.routes.syncs.logs import console_page


def get(call: Call) -> JsonObject:
    """Count the calls of the last 24 hours."""
    return {"data": usage.describe(call.workspace, call.workspace.find("connection", call.arguments["id"]))}


def get_console(call: Call) -> JsonObject:
    """Answer with the last messages of the bulk syncs that read from the connection, or of one of them."""
    connection = call.workspace.find("connection", call.arguments["connection_id"])
    syncs = call.workspace.store.list("bulk_sync", {"source_connection_id": connection["id"]})
    if sync_id := call.arguments.get("sync_id"):
        call.workspace.find("bulk_sync", sync_id)
        syncs = [sync for sync in syncs if sync["id"] == sync_id]
    runs = [run for sync in syncs for run in bulk_executions.of_sync(call.workspace, sync["id"])]
    entries = [entry for run in runs for entry in logs.console(call.workspace, run["id"])]
    entries.sort(key=lambda entry: entry["timestamp"])
    return console_page(call, entries[-logs.MOST_MESSAGES :])


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/usage": get,
    "GET /api/connections/{connection_id}/ingest/consolelog": get_console,
}
