"""Shared connections: a copy in another organization that follows its parent.

The parent's organization keeps the configuration. The organization that receives the copy builds
models and syncs on it and may delete it. What is copied and when is a guess: no source shows more than
the responses.
"""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.connections.dependents import find_dependents
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.workspace.workspace import Workspace

PARENT: Final = "parent_connection_id"
_COPIED: Final = ("configuration", "status", "status_error", "saved", "_server", "updated_at", "updated_by")
"""What a copy takes over whenever its parent changes."""


def copies(workspace: Workspace, connection_id: str) -> list[JsonObject]:
    """Return the copies of a connection in all organizations, oldest first."""
    return workspace.whole().store.list("connection", {PARENT: connection_id})


def share(workspace: Workspace, parent: JsonObject, organization_id: str, name: str) -> JsonObject:
    """Copy a connection into another organization and return the copy."""
    copy: JsonObject = {
        **parent,
        "id": workspace.new_id(),
        "name": name,
        "organization_id": organization_id,
        "policies": [],
        "created_at": workspace.now(),
        PARENT: parent["id"],
    }
    receiver = workspace.within(organization_id)
    receiver.store.put("connection", copy["id"], copy)
    schema_cache.start(receiver, copy["id"])
    return copy


def update_copies(workspace: Workspace, parent: JsonObject) -> None:
    """Apply a connection's configuration and state to its copies."""
    changed = {key: parent[key] for key in _COPIED if key in parent}
    for copy in copies(workspace, parent["id"]):
        workspace.within(copy["organization_id"]).store.put("connection", copy["id"], copy | changed)


def require_not_shared(connection: JsonObject) -> None:
    """Raise a 403 refusal if the connection is a copy: its configuration belongs to its parent."""
    if PARENT in connection:
        raise RefusalError(
            403,
            f"Connection {connection['name']} is shared by another organization; "
            "only that organization can change it.",
            key="shared_connection",
        )


def delete_copies(workspace: Workspace, connection_id: str) -> None:
    """Delete the copies of a connection and everything that depends on them."""
    for copy in copies(workspace, connection_id):
        receiver = workspace.within(copy["organization_id"])
        find_dependents(receiver.store, copy["id"]).delete(receiver)
        schema_cache.forget(receiver, copy["id"])
        receiver.store.delete("connection", copy["id"])
