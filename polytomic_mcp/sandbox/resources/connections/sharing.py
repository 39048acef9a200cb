"""Connections lent to other organizations: a copy there that follows its parent.

The parent's organization keeps the configuration; the organization that got the copy builds models and
syncs on it, and may delete it. What follows from what is a guess: no source shows more than the answers.
"""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.connections.dependents import dependents
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.workspace.workspace import Workspace

PARENT: Final = "parent_connection_id"
_FOLLOWED: Final = ("configuration", "status", "status_error", "saved", "_server", "updated_at", "updated_by")
"""What a copy has from its parent whenever that changes."""


def children(workspace: Workspace, connection_id: str) -> list[JsonObject]:
    """Return the copies of a connection in all organizations, oldest first."""
    return workspace.whole().store.list("connection", {PARENT: connection_id})


def lend(workspace: Workspace, parent: JsonObject, organization_id: str, name: str) -> JsonObject:
    """Return a new copy of a connection in another organization."""
    copy: JsonObject = {
        **parent,
        "id": workspace.new_id(),
        "name": name,
        "organization_id": organization_id,
        "policies": [],
        "created_at": workspace.now(),
        PARENT: parent["id"],
    }
    there = workspace.within(organization_id)
    there.store.put("connection", copy["id"], copy)
    schema_cache.start(there, copy["id"])
    return copy


def follow(workspace: Workspace, parent: JsonObject) -> None:
    """Bring a change of a connection to its copies."""
    for copy in children(workspace, parent["id"]):
        changed = {key: parent[key] for key in _FOLLOWED if key in parent}
        workspace.within(copy["organization_id"]).store.put("connection", copy["id"], copy | changed)


def require_own(connection: JsonObject) -> None:
    """Refuse with 403 to change a copy: its configuration is its parent's."""
    if PARENT in connection:
        raise RefusalError(
            403,
            f"Connection {connection['name']} is shared by another organization, which alone can change it.",
            key="shared_connection",
        )


def end(workspace: Workspace, connection_id: str) -> None:
    """Delete the copies of a connection, and whatever stands on them."""
    for copy in children(workspace, connection_id):
        there = workspace.within(copy["organization_id"])
        dependents(there.store, copy["id"]).delete(there)
        schema_cache.forget(there, copy["id"])
        there.store.delete("connection", copy["id"])
