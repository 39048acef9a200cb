"""The people who see nothing of an organization but the Harbors they are assigned to."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.addresses import is_email_address
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.resources.harbors.harbors import unfit
from polytomic_mcp.sandbox.resources.organizations import users
from polytomic_mcp.sandbox.resources.organizations.roles import MEMBER
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "harbor_user"
_ONLY: Final = "harbor_only"


def membership(workspace: Workspace, user_id: str) -> JsonObject:
    """Return what a user's reads hold about Harbors."""
    assigned = workspace.store.list(KIND, {"user_id": user_id})
    return {
        "harbor_ids": [each["_harbor_id"] for each in assigned],
        "harbor_only": workspace.store.get(_ONLY, user_id) is not None,
    }


def listed(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return who is assigned to a Harbor, the longest first."""
    assigned = workspace.store.list(KIND, {"_harbor_id": harbor["id"]})
    found = [workspace.store.get(users.KIND, each["user_id"]) for each in assigned]
    return [show(workspace, user) for user in found if user is not None]


def show(workspace: Workspace, user: JsonObject) -> JsonObject:
    """Return a user as the Harbor's routes show them."""
    joined = (workspace.store.get(_ONLY, user["id"]) or {}).get("created_at")
    return {
        "id": user["id"],
        "email": user["email"],
        "organization_id": user["organization_id"],
        "status": "invited",
        "created_at": joined,
        **membership(workspace, user["id"]),
    }


def invite(call: Call, harbor: JsonObject) -> JsonObject:
    """Add a person by e-mail and assign them; nobody is written to."""
    workspace, email = call.workspace, call.arguments["email"]
    if not is_email_address(email):
        raise unfit(call, "email is no address")
    if any(user["email"].casefold() == email.casefold() for user in workspace.store.list(users.KIND)):
        raise RefusalError(409, "email belongs to a user already; assign them by id.", key="user_exists")
    user: JsonObject = {
        "id": workspace.new_id(),
        "email": email,
        "organization_id": call.credential.organization_id,
        "role_ids": [MEMBER],
    }
    workspace.store.put(users.KIND, user["id"], user)
    workspace.store.put(_ONLY, user["id"], {"created_at": workspace.now()})
    return assign(call, harbor, user)


def assign(call: Call, harbor: JsonObject, user: JsonObject) -> JsonObject:
    """Assign a Harbor-only user, once or again; others see every Harbor anyway and are refused."""
    if call.workspace.store.get(_ONLY, user["id"]) is None:
        raise unfit(call, "user_id names a regular user, who has access to Harbors already")
    key = f"{harbor['id']}/{user['id']}"
    call.workspace.store.put(KIND, key, {"_key": key, "_harbor_id": harbor["id"], "user_id": user["id"]})
    return show(call.workspace, user)


def unassign(workspace: Workspace, harbor: JsonObject, user_id: str) -> None:
    """Take an assignment back; the user stays."""
    if not workspace.store.delete(KIND, f"{harbor['id']}/{user_id}"):
        raise not_found("harbor user", user_id)


def find(call: Call) -> JsonObject:
    """Return the user a call names, of the caller's organization."""
    user = call.workspace.find(users.KIND, call.arguments["user_id"])
    if user["organization_id"] != call.credential.organization_id:
        raise not_found("user", user["id"])
    return user
