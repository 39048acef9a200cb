"""The keys of a Harbor: shown once, kept as digests, revoked one by one."""

from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api import credentials
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.resources.harbors import access as harbor_access
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = credentials.HARBOR_KEY
_DAY: Final = timedelta(hours=24)


def mint(call: Call, harbor: JsonObject) -> JsonObject:
    """Return a new key, its value shown this once."""
    key_id = call.workspace.new_id()
    value, kept = credentials.mint_harbor_key(
        call.workspace,
        credentials.Credential(
            call.credential.organization_id,
            call.credential.user_id,
            method="harbor_key",
            harbor_id=harbor["id"],
            credential_id=key_id,
        ),
    )
    return {"id": key_id, "value": value, "mode": kept["mode"], "created_at": kept["created_at"]}


def listed(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the keys as the API shows them, oldest first."""
    return [
        {
            "id": key["credential_id"],
            "key_hint": key["key_hint"],
            "mode": key["mode"],
            "client_name": None,
            "created_at": key["created_at"],
            "expires_at": None,
            "calls_last_24_hours": _calls(workspace, key["credential_id"]),
        }
        for key in workspace.store.list(KIND, {"_harbor_id": harbor["id"]})
    ]


def revoke(workspace: Workspace, harbor: JsonObject, id_: str) -> None:
    """Revoke a key, which stops to work at once; refuse with 404 where there is none."""
    found = workspace.store.list(KIND, {"_harbor_id": harbor["id"], "credential_id": id_})
    if not found:
        raise not_found("key", id_)
    workspace.store.delete(KIND, found[0]["id"])


def _calls(workspace: Workspace, key_id: str) -> int:
    events = workspace.store.list(harbor_access.ACTIVITY, {"credential.id": key_id})
    since = workspace.clock() - _DAY
    return sum(datetime.fromisoformat(event["recorded_at"]) > since for event in events)
