"""Sharing: lend a connection to another organization, and see who has it."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.connections import sharing
from polytomic_mcp.sandbox.resources.organizations import organizations
from polytomic_mcp.sandbox.routes.connections.connections import show
from polytomic_mcp.sandbox.workspace.workspace import Workspace


def create(call: Call) -> JsonObject:
    """Lend a connection of one organization to another, under its own name if none is given."""
    organizations.require_partner(call)
    workspace, connection = _lender(call)
    child: str = call.workspace.find(organizations.KIND, call.arguments["child_organization_id"])["id"]
    if child == workspace.organization_id or sharing.PARENT in connection:
        raise RefusalError(
            422,
            f"{call.operation}: a connection is shared by the organization whose own it is, with another.",
            key="unprocessable",
        )
    if child in [each["organization_id"] for each in sharing.children(workspace, connection["id"])]:
        raise RefusalError(409, "That organization has this connection already.", key="already_shared")
    name = call.arguments.get("name", connection["name"])
    return {"data": {"id": sharing.lend(workspace, connection, child, name)["id"]}}


def list_for_partner(call: Call) -> JsonObject:
    """List the copies of a connection of any organization the caller reaches."""
    return _listed(*_lender(call))


def list_own(call: Call) -> JsonObject:
    """List the copies of a connection of the caller's."""
    return _listed(call.workspace, call.workspace.find("connection", call.arguments["id"]))


def _lender(call: Call) -> tuple[Workspace, JsonObject]:
    workspace = call.workspace.within(organizations.act_in(call, call.arguments["org_id"]))
    return workspace, workspace.find("connection", call.arguments["connection_id"])


def _listed(workspace: Workspace, connection: JsonObject) -> JsonObject:
    return {"data": [show(copy) for copy in sharing.children(workspace, connection["id"])]}


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/shared": list_own,
    "GET /api/organizations/{org_id}/connections/{connection_id}/shared": list_for_partner,
    "POST /api/organizations/{org_id}/connections/{connection_id}/shared": create,
}
