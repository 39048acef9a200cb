"""Sharing: give a copy of a connection to another organization, and list the copies."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError, unprocessable
from polytomic_mcp.sandbox.resources.connections import connections, sharing
from polytomic_mcp.sandbox.resources.organizations import organizations
from polytomic_mcp.sandbox.workspace.workspace import Workspace


def create(call: Call) -> JsonObject:
    """Share an organization's connection with another organization, under the same name by default."""
    organizations.require_partner(call)
    workspace, connection = _parent(call)
    receiver: str = call.workspace.find(organizations.KIND, call.arguments["child_organization_id"])["id"]
    if receiver == workspace.organization_id or sharing.PARENT in connection:
        raise unprocessable(
            call.operation, "a connection can be shared only by its owner, and only with another organization"
        )
    if receiver in [each["organization_id"] for each in sharing.copies(workspace, connection["id"])]:
        raise RefusalError(409, "That organization already has this connection.", key="already_shared")
    name = call.arguments.get("name", connection["name"])
    return {"data": {"id": sharing.share(workspace, connection, receiver, name)["id"]}}


def list_for_partner(call: Call) -> JsonObject:
    """List the copies of a connection of any organization that the caller has access to."""
    return _copies(*_parent(call))


def list_own(call: Call) -> JsonObject:
    """List the copies of a connection of the caller's organization."""
    return _copies(call.workspace, call.workspace.find(connections.KIND, call.arguments["id"]))


def _parent(call: Call) -> tuple[Workspace, JsonObject]:
    workspace = call.workspace.within(organizations.require_access(call, call.arguments["org_id"]))
    return workspace, workspace.find(connections.KIND, call.arguments["connection_id"])


def _copies(workspace: Workspace, connection: JsonObject) -> JsonObject:
    return {"data": [connections.show(copy) for copy in sharing.copies(workspace, connection["id"])]}


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/shared": list_own,
    "GET /api/organizations/{org_id}/connections/{connection_id}/shared": list_for_partner,
    "POST /api/organizations/{org_id}/connections/{connection_id}/shared": create,
}
