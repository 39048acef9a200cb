"""What happened lately: the events of runs, each kept for 48 hours of the workspace's clock."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.events import deliveries
from polytomic_mcp.sandbox.resources.events.retention import forget_old
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
"""Seen in the API's documentation; one of the bulk syncs' names is singular where the syncs' is plural."""

_KIND: Final = "event"


def record(workspace: Workspace, type: str, payload: JsonObject) -> None:  # noqa: A002 - the API's name
    """Write down that something happened; ``payload`` is what stands under the event's ``event``.

    It gets the organization's id where it names none, and goes to that organization's webhook. Inside
    a transaction the event is kept or lost with what it tells of.
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
        forget_old(workspace, _KIND, "created_at")
        workspace.store.put(_KIND, event["id"], event)
        deliveries.announce(workspace, event)
        workspace.store.after_commit(workspace.signals.alarm.set)


def recent(workspace: Workspace) -> list[JsonObject]:
    """Return the events that are still kept, oldest first."""
    forget_old(workspace, _KIND, "created_at")
    return workspace.store.list(_KIND)
