"""What a user's roles allow: the policies that an object names, held against who calls.

An object without policies is everybody's. Where it names some, one of them must grant the action to
one of the user's roles; an Admin may all, and so may keys that are no user's. Enforced are the three
actions seen in the API's documentation, on connections, models, syncs and bulk syncs: ``delete``;
``create``, for making an object that names policies; and ``apply_policy``, which each policy must
grant that an object did not name before. How they combine is a guess.
"""

from collections.abc import Iterable
from typing import Final

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.organizations.roles import ADMIN

_RULED: Final = {
    "/api/connections": "connection",
    "/api/models": "model",
    "/api/syncs": "sync",
    "/api/bulk/syncs": "bulk_sync",
}
"""The kinds of object that name policies, by where they are made; each is changed below, at its id."""


def require_allowed(call: Call, operation: Operation) -> None:
    """Refuse with 403 what the policies of the object in question do not grant the caller."""
    method = operation.method
    kind = _RULED.get(operation.path.removesuffix("/{id}"))
    if kind is None or method == "GET" or _may_all(call):
        return
    document = call.workspace.store.get(kind, call.arguments["id"]) if "id" in call.arguments else None
    held: list[str] = document.get("policies") or [] if document else []
    named: list[str] = [] if method == "DELETE" else call.arguments.get("policies", [])
    if method == "DELETE":
        _require(call, "delete", [policy for policy in held if call.workspace.store.get("policy", policy)])
    if method == "POST":
        _require(call, "create", named)
    for policy in named:
        if policy not in held:
            _require(call, "apply_policy", [policy])


def _may_all(call: Call) -> bool:
    return call.credential.holder != "user" or ADMIN in _role_ids(call)


def _role_ids(call: Call) -> set[str]:
    return set(call.workspace.find("user", call.credential.user_id)["role_ids"])


def _require(call: Call, action: str, policies: Iterable[str]) -> None:
    """Refuse unless no policy is asked, or one grants the action."""
    asked = list(policies)
    if asked and _role_ids(call).isdisjoint(_granted(call, action, asked)):
        raise RefusalError(
            403,
            f"{call.operation}: none of your roles has the action {action} "
            f"in policy {' or '.join(asked)}; ask an Admin.",
            key="forbidden",
        )


def _granted(call: Call, action: str, policies: Iterable[str]) -> set[str]:
    found = (call.workspace.store.get("policy", id_) for id_ in policies)
    return {
        role
        for policy in found
        if policy is not None and policy["organization_id"] == call.credential.organization_id
        for entry in policy["policy_actions"]
        if entry["action"] == action
        for role in entry["role_ids"]
    }
