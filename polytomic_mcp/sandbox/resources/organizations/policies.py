"""Policies: whether the policies of an object allow the caller's action.

An object without policies is open to everyone in its organization. If it has policies, one of them must
grant the action to one of the user's roles. Admins, and keys that belong to no user, may do everything.
Enforced are the three actions seen in the API's documentation, on connections, models, syncs and bulk
syncs: ``delete``; ``create``, for creating an object that has policies; and ``apply_policy``, which each
policy that an update adds must grant. How they combine is a guess.
"""

from collections.abc import Iterable
from typing import Final

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.organizations import users

KIND: Final = "policy"

_GOVERNED: Final = {
    "/api/connections": "connection",
    "/api/models": "model",
    "/api/syncs": "sync",
    "/api/bulk/syncs": "bulk_sync",
}
"""The kinds of object that have policies, by the path that creates them; ``/{id}`` is below it."""


def require_allowed(call: Call, operation: Operation) -> None:
    """Raise a 403 refusal if the policies of the call's object do not allow the call."""
    method = operation.method
    kind = _GOVERNED.get(operation.path.removesuffix("/{id}"))
    if kind is None or method == "GET" or _is_unrestricted(call):
        return
    document = call.workspace.store.get(kind, call.arguments["id"]) if "id" in call.arguments else None
    current: list[str] = document.get("policies") or [] if document else []
    requested: list[str] = [] if method == "DELETE" else call.arguments.get("policies", [])
    if method == "DELETE":
        _require(call, "delete", [policy for policy in current if call.workspace.store.get(KIND, policy)])
    if method == "POST":
        _require(call, "create", requested)
    for policy in requested:
        if policy not in current:
            _require(call, "apply_policy", [policy])


def _is_unrestricted(call: Call) -> bool:
    return call.credential.holder != "user" or users.is_admin(_caller(call))


def _caller(call: Call) -> JsonObject:
    return call.workspace.find(users.KIND, call.credential.user_id)


def _require(call: Call, action: str, policies: Iterable[str]) -> None:
    """Raise a 403 refusal unless there are no policies or one of them grants the action."""
    required = list(policies)
    if required and set(_caller(call)["role_ids"]).isdisjoint(_roles_granted(call, action, required)):
        raise RefusalError(
            403,
            f"{call.operation}: none of your roles has the action {action} "
            f"in policy {' or '.join(required)}; ask an Admin.",
            key="forbidden",
        )


def _roles_granted(call: Call, action: str, policies: Iterable[str]) -> set[str]:
    found = (call.workspace.store.get(KIND, id_) for id_ in policies)
    return {
        role
        for policy in found
        if policy is not None and policy["organization_id"] == call.credential.organization_id
        for entry in policy["policy_actions"]
        if entry["action"] == action
        for role in entry["role_ids"]
    }
