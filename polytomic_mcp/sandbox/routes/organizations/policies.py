"""Policies: which roles may do what to the objects that name them.

What they grant is enforced by ``permissions``.
"""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.organizations import organizations, roles


def list_all(call: Call) -> JsonObject:
    """List the organization's policies."""
    return {"data": organizations.listed(call, "policy")}


def create(call: Call) -> JsonObject:
    """Create a policy."""
    organization_id = organizations.act_in(call, call.arguments.get("organization_id"))
    return _save(call, {"id": call.workspace.new_id(), "organization_id": organization_id, "system": False})


def get(call: Call) -> JsonObject:
    """Answer with one policy."""
    return {"data": organizations.find(call, "policy", call.arguments["id"])}


def update(call: Call) -> JsonObject:
    """Replace a policy's name and all of its actions."""
    return _save(call, organizations.find(call, "policy", call.arguments["id"]))


def delete(call: Call) -> Answer:
    """Delete a policy; objects that name it go on naming it (a guess)."""
    call.workspace.store.delete("policy", organizations.find(call, "policy", call.arguments["id"])["id"])
    return Answer(status=204)


def _save(call: Call, policy: JsonObject) -> JsonObject:
    actions: list[JsonObject] = [
        {"action": each["action"], "role_ids": each.get("role_ids") or []}
        for each in call.arguments.get("policy_actions", [])
    ]
    if missing := roles.unknown(call, [id_ for action in actions for id_ in action["role_ids"]]):
        raise RefusalError(
            400, f"{call.operation}: there is no role {', '.join(missing)}.", key="bad_request"
        )
    policy |= {"name": call.arguments["name"], "policy_actions": actions}
    call.workspace.store.put("policy", policy["id"], policy)
    return {"data": policy}


ROUTES: Final[Routes] = {
    "GET /api/permissions/policies": list_all,
    "POST /api/permissions/policies": create,
    "GET /api/permissions/policies/{id}": get,
    "PUT /api/permissions/policies/{id}": update,
    "DELETE /api/permissions/policies/{id}": delete,
}
