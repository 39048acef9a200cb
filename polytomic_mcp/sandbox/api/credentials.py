"""Keys and temporary credentials: minted for a user, shown once, kept as digests."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common import tokens
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

MOST_ACTIVE: Final = 1_000
"""Temporary credentials an organization may have at a time (the API's documentation)."""

_KEY: Final = "api_key"
_TEMPORARY: Final = "temporary_credential"
HARBOR_KEY: Final = "harbor_key"

_HINT: Final = 4
"""Characters of a key that a list shows."""


@dataclass(frozen=True, slots=True)
class Credential:
    """On whose behalf a call is made; ``mode`` is ``user`` or ``read_only``.

    ``holder`` says whose it is: a ``user``'s, an ``organization``'s or a ``partner``'s, who reaches
    every organization. The names of ``method`` are a guess, those of ``mode`` are seen in the
    2025-09-18 SDK. ``harbor_id`` names the Harbor that a scoped one is bound to, ``credential_id`` what
    a list calls it.
    """

    organization_id: str
    user_id: str
    method: str = "api_key"
    mode: str = "user"
    holder: str = "user"
    harbor_id: str | None = None
    credential_id: str | None = None


OWNER: Final = Credential(ORGANIZATION_ID, USER_ID, holder="partner")
"""Who the sandbox's own key stands for: its first user, and a partner (a choice: it shows the whole API)."""


def find(workspace: Workspace, token: str) -> Credential | None:
    """Return what a minted token stands for now: nothing once it has expired or its user is gone."""
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


def mint_key(workspace: Workspace, user: JsonObject, *, force: bool) -> str:
    """Return a new key of the user's; ``force`` revokes the one it has.

    Raises:
        RefusalError: 409, it has one (a guess: the API does not say what it answers without force).
    """
    held = workspace.store.list(_KEY, {"user_id": user["id"]})
    if held and not force:
        raise RefusalError(
            409,
            f"User {user['email']} has a key already; pass force=true to revoke it for a new one.",
            key="api_key_exists",
        )
    for each in held:
        workspace.store.delete(_KEY, each["id"])
    return _mint(workspace, _KEY, Credential(user["organization_id"], user["id"]), {})


def mint_temporary(workspace: Workspace, credential: Credential, lifetime: timedelta) -> JsonObject:
    """Return the answer that shows a new token, good until ``expires_at``.

    Raises:
        RefusalError: 429, the organization has as many as it may.
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
            429, f"The organization has {MOST_ACTIVE} active temporary credentials; wait for some to expire."
        )
    expires_at = written(workspace.clock() + lifetime)
    id_ = workspace.new_id()
    token = _mint(workspace, _TEMPORARY, replace(credential, credential_id=id_), {"expires_at": expires_at})
    return {
        "id": id_,
        "access_token": token,
        "token_type": "Bearer",
        "expires_at": expires_at,
    }


def mint_harbor_key(workspace: Workspace, credential: Credential) -> tuple[str, JsonObject]:
    """Return a new key bound to the credential's Harbor, and what is kept of it."""
    more = {"_harbor_id": credential.harbor_id, "created_at": workspace.now()}
    token = _mint(workspace, HARBOR_KEY, credential, more)
    digest = tokens.digest(token)
    kept = workspace.find(HARBOR_KEY, digest) | {"_key": digest, "key_hint": token[-_HINT:]}
    workspace.store.put(HARBOR_KEY, digest, kept)
    return token, kept


def _mint(workspace: Workspace, kind: str, credential: Credential, more: JsonObject) -> str:
    token = f"sandbox_{tokens.mint()}"
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
