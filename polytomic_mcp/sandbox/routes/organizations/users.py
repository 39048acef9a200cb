"""Users: of the caller's organization, and for partners of any; and the keys minted for them."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api import credentials
from polytomic_mcp.sandbox.api.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.addresses import is_email_address
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.resources.harbors import users as harbor_users
from polytomic_mcp.sandbox.resources.organizations import organizations, roles, users

_ROLES: Final = {"admin": roles.ADMIN, "user": roles.MEMBER}
"""What the deprecated ``role`` stands for."""


def list_all(call: Call) -> JsonObject:
    """List an organization's users."""
    id_ = _organization(call)
    found = [user for user in call.workspace.store.list(users.KIND) if user["organization_id"] == id_]
    return {"data": [_shown(call, user) for user in found]}


def create(call: Call) -> JsonObject:
    """Add a user by e-mail; nobody is written to. Without roles they are a Member (a guess)."""
    user: JsonObject = {
        "id": call.workspace.new_id(),
        "organization_id": _organization(call),
        "role_ids": [roles.MEMBER],
    }
    return _save(call, user)


def get(call: Call) -> JsonObject:
    """Answer with one user."""
    return {"data": _shown(call, _find(call))}


def update(call: Call) -> JsonObject:
    """Replace a user's roles and, through the partner's route, their address; none given, none changed."""
    return _save(call, _find(call))


def delete(call: Call) -> JsonObject:
    """Delete a user, whose keys stop to work, and answer with who that was."""
    user = _find(call)
    if user["id"] == call.credential.user_id:
        raise RefusalError(403, "Nobody can delete the user whose key they use.", key="forbidden")
    call.workspace.store.delete(users.KIND, user["id"])
    return {"data": users.show(user)}


def create_key(call: Call) -> Answer:
    """Mint a key that works at once and is shown this once."""
    _refuse_temporary(call)
    force = call.arguments.get("force", False)
    value = credentials.mint_key(call.workspace, _find(call), force=force)
    return Answer({"data": {"value": value}}, is_secret=True)


def _refuse_temporary(call: Call) -> None:
    if call.credential.method != credentials.OWNER.method:
        raise RefusalError(403, "A temporary credential cannot mint a key.", key="forbidden")


def _organization(call: Call) -> str:
    return organizations.act_in(call, call.arguments.get("org_id"))


def _find(call: Call) -> JsonObject:
    organization_id = _organization(call)
    user = call.workspace.find(users.KIND, call.arguments["id"])
    if user["organization_id"] != organization_id:
        raise not_found(users.KIND, user["id"])
    return user


def _shown(call: Call, user: JsonObject) -> JsonObject:
    return users.show(user) | (
        {} if "org_id" in call.arguments else harbor_users.membership(call.workspace, user["id"])
    )


def _save(call: Call, user: JsonObject) -> JsonObject:
    email = call.arguments.get("email", user.get("email"))
    others = [each for each in call.workspace.store.list(users.KIND) if each["id"] != user["id"]]
    if email in [other["email"] for other in others]:
        raise _unfit(call, "email", "belongs to another user")
    if not is_email_address(email):
        raise _unfit(call, "email", "is no address")
    user |= {"email": email, "role_ids": _role_ids(call) or user["role_ids"]}
    call.workspace.store.put(users.KIND, user["id"], user)
    return {"data": users.show(user)}


def _role_ids(call: Call) -> list[str]:
    role: str | None = call.arguments.get("role")
    role_ids: list[str] = call.arguments.get("role_ids") or []
    if role is None:
        if missing := roles.unknown(call, role_ids):
            raise _unfit(call, "role_ids", f"name no role: {', '.join(missing)}")
        return role_ids
    if role_ids:
        raise _unfit(call, "role", "stands beside role_ids; send one of them")
    if role not in _ROLES:
        raise _unfit(call, "role", "must be user or admin")
    return [_ROLES[role]]


def _unfit(call: Call, name: str, problem: str) -> RefusalError:
    return RefusalError(422, f"{call.operation}: {name} {problem}.", key="unprocessable")


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
