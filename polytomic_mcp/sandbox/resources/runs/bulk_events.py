"""What a bulk sync's run tells the workspace: an event when it begins, and one for its end."""

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
"""The states that have an event; an interrupted run has none."""

_ENDED: Final = ("completed", "errors", "failed")


def record(workspace: Workspace, execution: JsonObject) -> None:
    """Record the event of the state the execution is in now, if that state and the sync have one.

    The names within are those of the 2025-09-18 SDK, which has no counts here.
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
        usual = {key: sync["default_schedule"][key] for key in ("id", "frequency")}
        payload["schedule"] = execution["_request"].get("schedule", usual)
    if execution["status"] == "failed":
        payload["error"] = execution["status_message"]
    events.record(workspace, type_, payload)
