"""The executions of a model sync or a bulk sync, without regard to which of the two it is."""

from collections.abc import Mapping
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.resources.runs import logs, moved_records, watermarks
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KINDS: Final[Mapping[str, str]] = {"sync": "execution", "bulk_sync": "bulk_execution"}
"""The kind of document that an execution is, by the kind of its sync."""

UNDER_WAY: Final = ("created", "running", "canceling")
"""The states of an execution that has not ended."""


def of_sync(workspace: Workspace, kind: str, sync_id: str) -> list[JsonObject]:
    """Return the executions of a ``sync`` or ``bulk_sync``, oldest first."""
    return workspace.store.list(KINDS[kind], {"_sync_id": sync_id})


def current(workspace: Workspace, kind: str, sync_id: str) -> JsonObject | None:
    """Return the execution that is under way, or None."""
    runs = of_sync(workspace, kind, sync_id)
    return next((each for each in runs if each["status"] in UNDER_WAY), None)


def find(workspace: Workspace, kind: str, sync_id: str, id_: str) -> JsonObject:
    """Return one execution.

    Raises:
        RefusalError: 404, the sync does not exist or has no such execution.
    """
    workspace.find(kind, sync_id)
    execution = workspace.find(KINDS[kind], id_)
    if execution["_sync_id"] != sync_id:
        raise not_found(KINDS[kind].replace("_", " "), id_)
    return execution


def delete_all(workspace: Workspace, kind: str, sync_id: str) -> None:
    """Delete a sync's executions, their logs, how far they read, and what they moved."""
    with workspace.store.transaction():
        watermarks.delete_all(workspace, sync_id)
        moved_records.delete_all(workspace, sync_id)
        for execution in of_sync(workspace, kind, sync_id):
            logs.delete(workspace, execution["id"])
            workspace.store.delete(KINDS[kind], execution["id"])
