"""Roles: the two that every organization has, and those that an organization created."""

from collections.abc import Sequence
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.resources.organizations.organizations import has_access
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "role"
ADMIN: Final = "2a3b4c5d-6e7f-4081-92a3-b4c5d6e7f801"
MEMBER: Final = "2a3b4c5d-6e7f-4081-92a3-b4c5d6e7f802"

_SYSTEM: Final = {ADMIN: "Admin", MEMBER: "Member"}
"""The names are seen in the API's documentation."""


def seed(workspace: Workspace) -> None:
    """Create the system roles if they do not exist."""
    for id_, name in _SYSTEM.items():
        role = {"id": id_, "name": name, "organization_id": ORGANIZATION_ID, "system": True}
        workspace.store.put(KIND, id_, role)


def visible(call: Call) -> list[JsonObject]:
    """Return the roles that the caller sees: the system roles and those of accessible organizations."""
    roles = call.workspace.store.list(KIND)
    return [role for role in roles if role["system"] or has_access(call, role["organization_id"])]


def problem(call: Call, role_ids: Sequence[str]) -> str | None:
    """Return what is wrong with ``role_ids`` if the caller does not see one of the roles, or None."""
    known = {role["id"] for role in visible(call)}
    unknown = [id_ for id_ in role_ids if id_ not in known]
    if not unknown:
        return None
    return (
        f"role_ids has unknown roles: {', '.join(unknown)}; GET /api/permissions/roles lists the valid ones"
    )


def delete(workspace: Workspace, id_: str) -> None:
    """Delete a role and remove it from users (a guess); policies keep its id."""
    for user in workspace.store.list("user"):
        remaining = [each for each in user["role_ids"] if each != id_]
        workspace.store.put("user", user["id"], user | {"role_ids": remaining})
    workspace.store.delete(KIND, id_)
