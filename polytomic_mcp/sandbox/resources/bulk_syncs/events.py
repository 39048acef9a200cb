"""The events of a bulk sync's executions: one when an execution begins, and one when it ends."""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.events import events
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_TYPES: Final = {
    "running": "bulk_sync.running",
    "completed": "bulk_sync.completed",
    "errors": "bulk_sync.completed_with_error",
    "failed": "bulk_sync.failed",
    "canceled": "bulk_sync.canceled",
}
"""The states that have an event; ``interrupted`` has none."""

_ENDED: Final = ("completed", "errors", "failed")


def record(workspace: Workspace, execution: JsonObject) -> None:
    """Record the event of the execution's current state, unless that state has none or the sync is gone.

    The names in the event are those of the 2025-09-18 SDK, which has no counts here.
    """
    sync = workspace.store.get("bulk_sync", execution["_sync_id"])
    type_ = _TYPES.get(execution["status"])
    if sync is None or type_ is None:
        return
    payload: dict[str, Any] = {
        "sync_id": sync["id"],
        "sync_name": sync["name"],
        "execution_id": execution["id"],
        "source_connection_id": sync["source_connection_id"],
        "destination_connection_id": sync["destination_connection_id"],
        "organization_id": sync["organization_id"],
    }
    if execution["status"] in _ENDED:
        payload["trigger_source"] = execution["type"]
        default = {key: sync["default_schedule"][key] for key in ("id", "frequency")}
        payload["schedule"] = execution["_request"].get("schedule", default)
    if execution["status"] == "failed":
        payload["error"] = execution["status_message"]
    events.record(workspace, type_, payload)
