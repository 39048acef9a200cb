"""Policies: which roles may do what to the objects that have them."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.refusals import bad_request
from polytomic_mcp.sandbox.resources.organizations import organizations, roles
from polytomic_mcp.sandbox.resources.organizations.policies import KIND


def list_all(call: Call) -> JsonObject:
    """List the policies of the organizations that the caller has access to."""
    return {"data": organizations.accessible(call, KIND)}


def create(call: Call) -> JsonObject:
    """Create a policy."""
    organization_id = organizations.require_access(call, call.arguments.get("organization_id"))
    return _save(call, {"id": call.workspace.new_id(), "organization_id": organization_id, "system": False})


def get(call: Call) -> JsonObject:
    """Return one policy."""
    return {"data": _find(call)}


def update(call: Call) -> JsonObject:
    """Replace a policy's name and all its actions."""
    return _save(call, _find(call))


def delete(call: Call) -> Answer:
    """Delete a policy; objects that have it keep its id (a guess)."""
    call.workspace.store.delete(KIND, _find(call)["id"])
    return Answer(status=204)


def _find(call: Call) -> JsonObject:
    return organizations.find(call, KIND, call.arguments["id"])


def _save(call: Call, policy: JsonObject) -> JsonObject:
    actions: list[JsonObject] = [
        {"action": each["action"], "role_ids": each.get("role_ids") or []}
        for each in call.arguments.get("policy_actions", [])
    ]
    kept = _role_ids(policy.get("policy_actions", []))  # some of them may be deleted
    if problem := roles.problem(call, [id_ for id_ in _role_ids(actions) if id_ not in kept]):
        raise bad_request(call.operation, problem)
    policy |= {"name": call.arguments["name"], "policy_actions": actions}
    call.workspace.store.put(KIND, policy["id"], policy)
    return {"data": policy}


def _role_ids(actions: list[JsonObject]) -> list[str]:
    return [id_ for action in actions for id_ in action["role_ids"]]


ROUTES: Final[Routes] = {
    "GET /api/permissions/policies": list_all,
    "POST /api/permissions/policies": create,
    "GET /api/permissions/policies/{id}": get,
    "PUT /api/permissions/policies/{id}": update,
    "DELETE /api/permissions/policies/{id}": delete,
}
