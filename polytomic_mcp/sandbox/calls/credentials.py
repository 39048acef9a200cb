"""API keys and temporary credentials: created for a user, shown once, stored as digests."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common import tokens
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

MOST_ACTIVE: Final = 1_000
"""The most temporary credentials that an organization may have at a time (from the API's documentation)."""

_KEY: Final = "api_key"
_TEMPORARY: Final = "temporary_credential"
HARBOR_KEY: Final = "harbor_key"

_HINT: Final = 4
"""The number of a key's characters that a list shows."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The caller of a request; ``mode`` is ``user`` or ``read_only``.

    ``holder`` is the kind of its owner: a ``user``, an ``organization``, or a ``partner`` with access to
    every organization. The values of ``method`` are a guess, those of ``mode`` were seen in the 2025-09-18
    SDK. ``harbor_id`` is the Harbor that a credential is limited to, ``credential_id`` its id in lists.
    """

    organization_id: str
    user_id: str
    method: str = "api_key"
    mode: str = "user"
    holder: str = "user"
    harbor_id: str | None = None
    credential_id: str | None = None


OWNER: Final = Credential(ORGANIZATION_ID, USER_ID, holder="partner")
"""The credential of the sandbox's own key: its first user, a partner (a choice: it shows the whole API)."""


def find(workspace: Workspace, token: str) -> Credential | None:
    """Return the credential of a token; None if it is unknown or expired, or its user no longer exists."""
    digest = tokens.digest(token)
    kinds = (_KEY, _TEMPORARY, HARBOR_KEY)
    kept = next((found for kind in kinds if (found := workspace.store.get(kind, digest))), None)
    if (
        kept is None
        or workspace.store.get("user", kept["user_id"]) is None
        or not _is_active(workspace, kept)
    ):
        return None
    return Credential(
        kept["organization_id"],
        kept["user_id"],
        kept["method"],
        kept["mode"],
        harbor_id=kept.get("harbor_id"),
        credential_id=kept.get("credential_id"),
    )


def create_key(workspace: Workspace, user: JsonObject, *, force: bool) -> str:
    """Return a new key for a user; ``force`` revokes the current one.

    Raises:
        RefusalError: 409, the user has a key (a guess: the API does not document the answer without force).
    """
    held = workspace.store.list(_KEY, {"user_id": user["id"]})
    if held and not force:
        raise RefusalError(
            409,
            f"User {user['email']} already has a key. Pass force=true to replace it.",
            key="api_key_exists",
        )
    for each in held:
        workspace.store.delete(_KEY, each["id"])
    return _create(workspace, _KEY, Credential(user["organization_id"], user["id"]), {})


def create_temporary(workspace: Workspace, credential: Credential, lifetime: timedelta) -> JsonObject:
    """Return the answer with a new token, which works until ``expires_at``.

    Raises:
        RefusalError: 429, the organization has the maximum number of them.
    """
    for each in workspace.store.list(_TEMPORARY):
        if not _is_active(workspace, each):
            workspace.store.delete(_TEMPORARY, each["id"])
    active = [
        each
        for each in workspace.store.list(_TEMPORARY)
        if each["organization_id"] == credential.organization_id
    ]
    if len(active) >= MOST_ACTIVE:
        raise RefusalError(
            429,
            f"The organization has {MOST_ACTIVE} active temporary credentials, the maximum. "
            "Wait for some to expire.",
        )
    expires_at = written(workspace.clock() + lifetime)
    id_ = workspace.new_id()
    token = _create(workspace, _TEMPORARY, replace(credential, credential_id=id_), {"expires_at": expires_at})
    return {
        "id": id_,
        "access_token": token,
        "token_type": "Bearer",
        "expires_at": expires_at,
    }


def create_harbor_key(workspace: Workspace, credential: Credential) -> tuple[str, JsonObject]:
    """Return a new key for the credential's Harbor, and its stored document."""
    more = {"_harbor_id": credential.harbor_id, "created_at": workspace.now()}
    token = _create(workspace, HARBOR_KEY, credential, more)
    digest = tokens.digest(token)
    kept = workspace.find(HARBOR_KEY, digest) | {"_key": digest, "key_hint": token[-_HINT:]}
    workspace.store.put(HARBOR_KEY, digest, kept)
    return token, kept


def _create(workspace: Workspace, kind: str, credential: Credential, more: JsonObject) -> str:
    token = f"sandbox_{tokens.generate()}"
    digest = tokens.digest(token)
    kept = {
        "id": digest,
        "user_id": credential.user_id,
        "organization_id": credential.organization_id,
        "method": credential.method,
        "mode": credential.mode,
        "harbor_id": credential.harbor_id,
        "credential_id": credential.credential_id,
    }
    workspace.store.put(kind, digest, kept | more)
    return token


def _is_active(workspace: Workspace, kept: JsonObject) -> bool:
    harbor_id: str | None = kept.get("harbor_id")
    if harbor_id is not None and workspace.store.get("harbor", harbor_id) is None:
        return False
    expires_at: str | None = kept.get("expires_at")
    return expires_at is None or workspace.clock() < datetime.fromisoformat(expires_at)
