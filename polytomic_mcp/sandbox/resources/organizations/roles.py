"""Roles: the two that every organization has, and those it made."""

from collections.abc import Sequence
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.resources.organizations.organizations import is_reached
from polytomic_mcp.sandbox.workspace.workspace import Workspace

ADMIN: Final = "2a3b4c5d-6e7f-4081-92a3-b4c5d6e7f801"
MEMBER: Final = "2a3b4c5d-6e7f-4081-92a3-b4c5d6e7f802"

_SYSTEM: Final = {ADMIN: "Admin", MEMBER: "Member"}
"""The names are seen in the API's documentation."""


def seed(workspace: Workspace) -> None:
    """Bring the system's roles where they are missing."""
    for id_, name in _SYSTEM.items():
        role = {"id": id_, "name": name, "organization_id": ORGANIZATION_ID, "system": True}
        workspace.store.put("role", id_, role)


def within(call: Call) -> list[JsonObject]:
    """Return the roles a caller sees: the system's, then those of the organizations reached."""
    found = call.workspace.store.list("role")
    return [role for role in found if role["system"] or is_reached(call, role["organization_id"])]


def unknown(call: Call, role_ids: Sequence[str]) -> list[str]:
    """Return those of the ids that are no role the caller sees."""
    known = {role["id"] for role in within(call)}
    return [id_ for id_ in role_ids if id_ not in known]


def forget(workspace: Workspace, id_: str) -> None:
    """Remove a role, and take it from users and policies that have it (a guess)."""
    for user in workspace.store.list("user"):
        kept = [each for each in user["role_ids"] if each != id_]
        workspace.store.put("user", user["id"], user | {"role_ids": kept})
    for policy in workspace.store.list("policy"):
        actions = [
            action | {"role_ids": [each for each in action["role_ids"] if each != id_]}
            for action in policy["policy_actions"]
        ]
        workspace.store.put("policy", policy["id"], policy | {"policy_actions": actions})
    workspace.store.delete("role", id_)
