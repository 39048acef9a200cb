"""Events: what happened to runs, stored for 48 hours of the workspace's clock."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.events import deliveries
from polytomic_mcp.sandbox.workspace.retention import delete_expired
from polytomic_mcp.sandbox.workspace.workspace import Workspace

TYPES: Final = (
    "sync.running",
    "sync.completed",
    "sync.completed_with_errors",
    "sync.failed",
    "sync.canceled",
    "bulk_sync.running",
    "bulk_sync.completed",
    "bulk_sync.completed_with_error",
    "bulk_sync.failed",
    "bulk_sync.canceled",
)
"""Seen in the API's documentation, which uses "errors" for syncs and "error" for bulk syncs."""

_KIND: Final = "event"


def record(workspace: Workspace, type: str, payload: JsonObject) -> None:  # noqa: A002 - the API's name
    """Record an event and send it to its organization's webhook; ``payload`` is the event's ``event``.

    The workspace's organization is added if the payload names none. In a transaction the event is
    committed or rolled back together with the change that it describes.
    """
    payload = {"organization_id": workspace.organization_id, **payload}
    event: JsonObject = {
        "id": workspace.new_id(),
        "type": type,
        "created_at": workspace.now(),
        "organization_id": payload["organization_id"],
        "event": payload,
    }
    with workspace.store.transaction():
        delete_expired(workspace, _KIND, "created_at")
        workspace.store.put(_KIND, event["id"], event)
        deliveries.enqueue(workspace, event)
        workspace.store.after_commit(workspace.signals.alarm.set)


def recent(workspace: Workspace) -> list[JsonObject]:
    """Return the events of the last 48 hours, oldest first."""
    delete_expired(workspace, _KIND, "created_at")
    return workspace.store.list(_KIND)
