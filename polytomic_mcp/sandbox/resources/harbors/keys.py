"""A Harbor's keys: shown once, stored as digests, and revoked one by one."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import credentials
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.resources.harbors import activity
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = credentials.HARBOR_KEY


def create(call: Call, harbor: JsonObject) -> JsonObject:
    """Create a key and return it with its value, which is shown only once."""
    key_id = call.workspace.new_id()
    value, stored = credentials.create_harbor_key(
        call.workspace,
        credentials.Credential(
            call.credential.organization_id,
            call.credential.user_id,
            method="harbor_key",
            harbor_id=harbor["id"],
            credential_id=key_id,
        ),
    )
    return {"id": key_id, "value": value, "mode": stored["mode"], "created_at": stored["created_at"]}


def listed(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return a Harbor's keys as the API shows them, oldest first."""
    return [
        {
            "id": key["credential_id"],
            "key_hint": key["key_hint"],
            "mode": key["mode"],
            "client_name": None,
            "created_at": key["created_at"],
            "expires_at": None,
            "calls_last_24_hours": activity.recent_calls(workspace, key["credential_id"]),
        }
        for key in workspace.store.list(KIND, {"_harbor_id": harbor["id"]})
    ]


def revoke(workspace: Workspace, harbor: JsonObject, id_: str) -> None:
    """Revoke a key; it stops working at once.

    Raises:
        RefusalError: 404 if the Harbor has no such key.
    """
    found = workspace.store.list(KIND, {"_harbor_id": harbor["id"], "credential_id": id_})
    if not found:
        raise not_found("key", id_)
    workspace.store.delete(KIND, found[0]["id"])
