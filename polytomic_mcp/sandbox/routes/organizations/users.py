"""Users and their API keys: of the caller's organization, and for partners of any organization."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.sandbox.calls import credentials
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.addresses import is_email_address
from polytomic_mcp.sandbox.common.refusals import RefusalError, unprocessable
from polytomic_mcp.sandbox.resources.harbors import users as harbor_users
from polytomic_mcp.sandbox.resources.organizations import organizations, roles, users

_ROLES: Final = {"admin": roles.ADMIN, "user": roles.MEMBER}
"""The role ids of the values of the deprecated ``role``."""


def list_all(call: Call) -> JsonObject:
    """List an organization's users."""
    id_ = _organization(call)
    found = [user for user in call.workspace.store.list(users.KIND) if user["organization_id"] == id_]
    return {"data": [_shown(call, user) for user in found]}


def create(call: Call) -> JsonObject:
    """Add a user by email address; no email is sent. The role is Member by default (a guess)."""
    user: JsonObject = {
        "id": call.workspace.new_id(),
        "organization_id": _organization(call),
        "role_ids": [roles.MEMBER],
    }
    return _save(call, user)


def get(call: Call) -> JsonObject:
    """Return one user."""
    return {"data": _shown(call, _find(call))}


def update(call: Call) -> JsonObject:
    """Update a user's roles and, in the partner's route, email address; omitted arguments are unchanged."""
    return _save(call, _find(call))


def delete(call: Call) -> JsonObject:
    """Delete a user, whose keys stop working, and return the deleted user."""
    user = _find(call)
    if user["id"] == call.credential.user_id:
        raise RefusalError(
            403,
            "You cannot delete the user whose key you are using; use another user's key.",
            key="forbidden",
        )
    call.workspace.store.delete(users.KIND, user["id"])
    return {"data": users.show(user)}


def create_key(call: Call) -> Answer:
    """Create an API key, which is shown only once."""
    _require_permanent(call)
    force = call.arguments.get("force", False)
    value = credentials.create_key(call.workspace, _find(call), force=force)
    return Answer({"data": {"value": value}}, is_secret=True)


def _require_permanent(call: Call) -> None:
    if call.credential.method != credentials.OWNER.method:
        raise RefusalError(
            403, "A temporary credential cannot create a key; use an API key.", key="forbidden"
        )


def _organization(call: Call) -> str:
    return organizations.require_access(call, call.arguments.get("org_id"))


def _find(call: Call) -> JsonObject:
    return users.find(call.workspace, _organization(call), call.arguments["id"])


def _shown(call: Call, user: JsonObject) -> JsonObject:
    return users.show(user) | (
        {} if "org_id" in call.arguments else harbor_users.membership(call.workspace, user["id"])
    )


def _save(call: Call, user: JsonObject) -> JsonObject:
    """Store a user, whose address is in lower case (as the Terraform provider expects), and return it."""
    given: str = call.arguments.get("email", user.get("email"))
    email = given.lower()
    others = [each for each in call.workspace.store.list(users.KIND) if each["id"] != user["id"]]
    if email in [other["email"].lower() for other in others]:
        raise unprocessable(call.operation, "email belongs to another user")
    if not is_email_address(email):
        raise unprocessable(call.operation, "email is not an email address")
    user |= {"email": email, "role_ids": _role_ids(call) or user["role_ids"]}
    call.workspace.store.put(users.KIND, user["id"], user)
    return {"data": users.show(user)}


def _role_ids(call: Call) -> list[str]:
    given: str | None = call.arguments.get("role")
    role = given and given.lower()
    role_ids: list[str] = call.arguments.get("role_ids", [])
    if "role_ids" in call.arguments and not role_ids:
        raise unprocessable(
            call.operation, "role_ids must not be empty; omit it to leave the roles unchanged"
        )
    if role is None:
        if problem := roles.problem(call, role_ids):
            raise unprocessable(call.operation, problem)
        return role_ids
    if role_ids:
        raise unprocessable(call.operation, "role cannot be combined with role_ids; send one of them")
    if role not in _ROLES:
        raise unprocessable(call.operation, f"role must be user or admin, not {quoted(given)}")
    return [_ROLES[role]]


ROUTES: Final[Routes] = {
    "GET /api/organization/users": list_all,
    "POST /api/organization/users": create,
    "GET /api/organization/users/{id}": get,
    "PUT /api/organization/users/{id}": update,
    "DELETE /api/organization/users/{id}": delete,
    "GET /api/organizations/{org_id}/users": list_all,
    "POST /api/organizations/{org_id}/users": create,
    "GET /api/organizations/{org_id}/users/{id}": get,
    "PUT /api/organizations/{org_id}/users/{id}": update,
    "DELETE /api/organizations/{org_id}/users/{id}": delete,
    "POST /api/organizations/{org_id}/users/{id}/keys": create_key,
}
