"""Credentials: who the caller's credential belongs to, and temporary credentials for users and Harbors."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls import credentials
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.credentials import OWNER, Credential
from polytomic_mcp.sandbox.common.refusals import RefusalError, bad_request
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.organizations import organizations, users

SHORTEST: Final = 600
LONGEST: Final = 14_400
USUAL: Final = 3_600
"""Seconds a temporary credential is valid (the API's documentation)."""

_LONGEST_NAME: Final = 128
_TYPES: Final = ("user", "harbor")
_MODES: Final = ("user", "read_only")


def get_caller(call: Call) -> dict[str, Any]:
    """Return the caller: a user with its id, email and role, or an organization.

    The sandbox's own key is its first user's, and may also do what a partner may (a choice).
    """
    credential = call.credential
    organization = call.workspace.find(organizations.KIND, credential.organization_id)
    is_user = credential.holder != "organization"
    user = users.show(call.workspace.find(users.KIND, credential.user_id)) if is_user else {}
    return {
        "data": {
            **{key: user[key] for key in ("id", "email", "role") if is_user},
            "organization_id": organization["id"],
            "organization_name": organization["name"],
            "is_user": is_user,
            "is_organization": not is_user,
            "is_partner": False,
            "is_system": False,
            "credential": {"method": credential.method, "mode": credential.mode, **_harbor(call)},
        }
    }


def create_temporary(call: Call) -> Answer:
    """Create a temporary credential and return its token, which is shown only once.

    Raises:
        RefusalError: 400 for invalid arguments, 403 if the caller's credential is temporary itself.
    """
    if call.credential.method != OWNER.method:
        raise RefusalError(
            403,
            "A temporary credential cannot create another one; use an API key.",
            key="forbidden",
        )
    seconds: int = call.arguments.get("duration_seconds", USUAL)
    if not SHORTEST <= seconds <= LONGEST:
        raise bad_request(call.operation, f"duration_seconds must be between {SHORTEST} and {LONGEST}")
    if len(call.arguments.get("session_name", "")) > _LONGEST_NAME:
        raise bad_request(call.operation, f"session_name must have at most {_LONGEST_NAME} characters")
    lifetime = timedelta(seconds=seconds)
    return Answer(
        {"data": credentials.create_temporary(call.workspace, _subject(call), lifetime)}, is_secret=True
    )


def _harbor(call: Call) -> dict[str, Any]:
    """Return the Harbor of a Harbor's credential as ``harbor``; nothing for other credentials."""
    if call.credential.harbor_id is None:
        return {}
    harbor = call.workspace.find(harbors.KIND, call.credential.harbor_id)
    shown = {name: harbor[name] for name in ("id", "name", "description", "mcp_server_url")}
    return {"harbor": shown | {"actions_enabled": False}}


def _subject(call: Call) -> Credential:
    """Return the credential that the call's subject describes."""
    subject: JsonObject = call.arguments["subject"]
    mode = subject.get("mode") or "user"
    for name, value, known in (("type", subject["type"], _TYPES), ("mode", mode, _MODES)):
        if value not in known:
            raise bad_request(call.operation, unknown(f"subject.{name}", value, known))
    organization_id = organizations.require_access(call, subject.get("organization_id"))
    user = call.workspace.find(users.KIND, subject.get("user_id") or call.credential.user_id)
    if user["organization_id"] != organization_id:
        raise bad_request(call.operation, "subject.user_id must be a user of the organization")
    credential = Credential(organization_id, user["id"], "temporary_credential", mode)
    if subject["type"] == "user":
        return credential
    harbor = call.workspace.within(organization_id).find(harbors.KIND, subject.get("harbor_id") or "")
    return replace(credential, harbor_id=harbor["id"])


ROUTES: Final[Routes] = {
    "GET /api/me": get_caller,
    "POST /api/temporary-credentials": create_temporary,
}
