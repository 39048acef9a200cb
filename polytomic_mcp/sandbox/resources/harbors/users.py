"""Harbor-only users: people who see nothing of an organization but the Harbors assigned to them."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.addresses import is_email_address
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found, unprocessable
from polytomic_mcp.sandbox.resources.organizations import users
from polytomic_mcp.sandbox.resources.organizations.roles import MEMBER
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "harbor_user"
_HARBOR_ONLY: Final = "harbor_only"


def membership(workspace: Workspace, user_id: str) -> JsonObject:
    """Return the Harbors assigned to a user, and whether the user is Harbor-only."""
    assigned = workspace.store.list(KIND, {"user_id": user_id})
    return {
        "harbor_ids": [each["_harbor_id"] for each in assigned],
        "harbor_only": workspace.store.get(_HARBOR_ONLY, user_id) is not None,
    }


def listed(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the users assigned to a Harbor, in order of assignment."""
    assigned = workspace.store.list(KIND, {"_harbor_id": harbor["id"]})
    found = [workspace.store.get(users.KIND, each["user_id"]) for each in assigned]
    return [show(workspace, user) for user in found if user is not None]


def show(workspace: Workspace, user: JsonObject) -> JsonObject:
    """Return a user as the Harbor's routes show them."""
    joined = (workspace.store.get(_HARBOR_ONLY, user["id"]) or {}).get("created_at")
    return {
        "id": user["id"],
        "email": user["email"],
        "organization_id": user["organization_id"],
        "status": "invited",
        "created_at": joined,
        **membership(workspace, user["id"]),
    }


def invite(call: Call, harbor: JsonObject) -> JsonObject:
    """Add a Harbor-only user by email address and assign the Harbor; no email is sent.

    Raises:
        RefusalError: 409 if the address belongs to a user, 422 if it is not an email address.
    """
    workspace, email = call.workspace, call.arguments["email"].lower()
    if not is_email_address(email):
        raise unprocessable(call.operation, "email is not an email address")
    if any(user["email"].lower() == email for user in workspace.store.list(users.KIND)):
        raise RefusalError(
            409, "email belongs to an existing user; assign that user by id.", key="user_exists"
        )
    user: JsonObject = {
        "id": workspace.new_id(),
        "email": email,
        "organization_id": call.credential.organization_id,
        "role_ids": [MEMBER],
    }
    workspace.store.put(users.KIND, user["id"], user)
    workspace.store.put(_HARBOR_ONLY, user["id"], {"created_at": workspace.now()})
    return assign(call, harbor, user)


def assign(call: Call, harbor: JsonObject, user: JsonObject) -> JsonObject:
    """Assign a Harbor to a Harbor-only user; a repeated assignment changes nothing.

    Raises:
        RefusalError: 422 for a regular user, who has access to every Harbor.
    """
    if call.workspace.store.get(_HARBOR_ONLY, user["id"]) is None:
        raise unprocessable(
            call.operation, "user_id is a regular user, who already has access to every Harbor"
        )
    key = f"{harbor['id']}/{user['id']}"
    call.workspace.store.put(KIND, key, {"_key": key, "_harbor_id": harbor["id"], "user_id": user["id"]})
    return show(call.workspace, user)


def unassign(workspace: Workspace, harbor: JsonObject, user_id: str) -> None:
    """Remove an assignment; the user remains.

    Raises:
        RefusalError: 404 if the user is not assigned to the Harbor.
    """
    if not workspace.store.delete(KIND, f"{harbor['id']}/{user_id}"):
        raise not_found("harbor user", user_id)


def find(call: Call) -> JsonObject:
    """Return the call's user, who must be in the caller's organization."""
    return users.find(call.workspace, call.credential.organization_id, call.arguments["user_id"])
