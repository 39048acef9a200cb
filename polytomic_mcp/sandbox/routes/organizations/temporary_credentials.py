"""Temporary credentials: tokens for a user that work for a while, read-only if wanted."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api import credentials
from polytomic_mcp.sandbox.api.call import Answer, Call, Routes
from polytomic_mcp.sandbox.api.credentials import OWNER, Credential
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.organizations import organizations, users

SHORTEST: Final = 600
LONGEST: Final = 14_400
USUAL: Final = 3_600
"""Seconds a credential works (the API's documentation)."""

_LONGEST_NAME: Final = 128
_TYPES: Final = ("user", "harbor")
_MODES: Final = ("user", "read_only")


def create(call: Call) -> Answer:
    """Mint a token, shown this once; one that is temporary itself cannot mint another."""
    if call.credential.method != OWNER.method:
        raise RefusalError(403, "A temporary credential cannot mint another.", key="forbidden")
    seconds: int = call.arguments.get("duration_seconds", USUAL)
    if not SHORTEST <= seconds <= LONGEST:
        raise _bad(f"duration_seconds must lie within {SHORTEST} and {LONGEST}")
    if len(call.arguments.get("session_name", "")) > _LONGEST_NAME:
        raise _bad(f"session_name may have {_LONGEST_NAME} characters")
    lifetime = timedelta(seconds=seconds)
    return Answer(
        {"data": credentials.mint_temporary(call.workspace, _subject(call), lifetime)}, is_secret=True
    )


def _subject(call: Call) -> Credential:
    subject: JsonObject = call.arguments["subject"]
    mode = subject.get("mode") or "user"
    if subject["type"] not in _TYPES or mode not in _MODES:
        raise _bad("subject.type must be user or harbor, and subject.mode user or read_only")
    organization_id = organizations.act_in(call, subject.get("organization_id"))
    user = call.workspace.find(users.KIND, subject.get("user_id") or call.credential.user_id)
    if user["organization_id"] != organization_id:
        raise _bad("subject.user_id names nobody of the organization")
    credential = Credential(organization_id, user["id"], "temporary_credential", mode)
    if subject["type"] == "user":
        return credential
    harbor = call.workspace.within(organization_id).find(harbors.KIND, subject.get("harbor_id") or "")
    return replace(credential, harbor_id=harbor["id"])


def _bad(message: str) -> RefusalError:
    return RefusalError(400, f"{message}.", key="bad_request")


ROUTES: Final[Routes] = {"POST /api/temporary-credentials": create}
