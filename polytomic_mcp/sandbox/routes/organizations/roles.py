"""Roles: create, list, read, rename and delete them; Admin and Member cannot be changed."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.resources.organizations import organizations, roles


def list_all(call: Call) -> JsonObject:
    """List the system roles and the roles of the organizations that the caller has access to."""
    return {"data": roles.visible(call)}


def create(call: Call) -> JsonObject:
    """Create a role, which allows nothing until a policy includes it."""
    organization_id = organizations.require_access(call, call.arguments.get("organization_id"))
    return _save(call, {"id": call.workspace.new_id(), "organization_id": organization_id, "system": False})


def get(call: Call) -> JsonObject:
    """Return one role."""
    return {"data": _find(call)}


def update(call: Call) -> JsonObject:
    """Rename a role."""
    return _save(call, _find_changeable(call))


def delete(call: Call) -> Answer:
    """Delete a role, also from the users who have it."""
    roles.delete(call.workspace, _find_changeable(call)["id"])
    return Answer(status=204)


def _find(call: Call) -> JsonObject:
    for role in roles.visible(call):
        if role["id"] == call.arguments["id"]:
            return role
    raise not_found(roles.KIND, call.arguments["id"])


def _find_changeable(call: Call) -> JsonObject:
    role = _find(call)
    if role["system"]:
        raise RefusalError(
            403,
            f"{role['name']} is a system role and cannot be changed; create another role.",
            key="system_role",
        )
    return role


def _save(call: Call, role: JsonObject) -> JsonObject:
    role |= {"name": call.arguments["name"]}
    call.workspace.store.put(roles.KIND, role["id"], role)
    return {"data": role}


ROUTES: Final[Routes] = {
    "GET /api/permissions/roles": list_all,
    "POST /api/permissions/roles": create,
    "GET /api/permissions/roles/{id}": get,
    "PUT /api/permissions/roles/{id}": update,
    "DELETE /api/permissions/roles/{id}": delete,
}
