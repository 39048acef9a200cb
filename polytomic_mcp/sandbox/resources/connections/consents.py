"""Consents that OAuth connections wait for: each has a single-use token, stored as its digest."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common import tokens
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.resources.connections import sharing
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

KIND: Final = "consent"
PATH: Final = "/sandbox/consent/{token}"

LIFETIME: Final = timedelta(days=1)
"""How long a person can open the consent page; a guess."""

_CODE_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
_DENIED: Final = "Access was denied on the consent page; update the connection with reconnect=true to retry."


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that is still pending; ``code`` is what the person must type, or None."""

    token: str
    connection_id: str
    redirect_url: str | None
    code: str | None
    expires_at: str

    def url(self, base_url: str) -> str:
        """Return the address of the consent page."""
        return base_url + PATH.format(token=self.token)


def create(workspace: Workspace, connection_id: str, *, redirect_url: str | None, has_code: bool) -> Consent:
    """Create a connection's pending consent and invalidate its earlier ones."""
    cancel(workspace.store, connection_id)
    code = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(8)) if has_code else None
    expires_at = written(workspace.clock() + LIFETIME)
    consent = Consent(tokens.generate(), connection_id, redirect_url, code, expires_at)
    document: JsonObject = {
        "token": tokens.digest(consent.token),
        "connection_id": connection_id,
        "redirect_url": redirect_url,
        "code": code,
        "expires_at": expires_at,
    }
    workspace.store.put(KIND, document["token"], document)
    return consent


def find(workspace: Workspace, token: str) -> Consent | None:
    """Return a pending consent; None if its token is unknown, invalidated, used or expired."""
    document = workspace.store.get(KIND, tokens.digest(token))
    if document is None or not _is_unexpired(workspace, document):
        return None
    return Consent(**(document | {"token": token}))


def is_pending(workspace: Workspace, connection_id: str) -> bool:
    """Return whether a person can still consent at the connection's latest link."""
    return any(
        each["connection_id"] == connection_id and _is_unexpired(workspace, each)
        for each in workspace.store.list(KIND)
    )


def cancel(store: Store, connection_id: str) -> None:
    """Invalidate every pending consent of a connection."""
    for document in store.list(KIND):
        if document["connection_id"] == connection_id:
            store.delete(KIND, document["token"])


def allow(workspace: Workspace, connection: JsonObject) -> None:
    """Record that the person consented: the connection becomes healthy."""
    connection |= {"status": "healthy", "status_error": None, "saved": True, "_is_consented": True}
    schema_cache.start(workspace, connection["id"])
    _resolve(workspace, connection)


def deny(workspace: Workspace, connection: JsonObject) -> None:
    """Record that the person refused: the connection stays unhealthy."""
    connection |= {"status": "unhealthy", "status_error": _DENIED}
    _resolve(workspace, connection)


def _is_unexpired(workspace: Workspace, document: JsonObject) -> bool:
    return workspace.clock() < datetime.fromisoformat(document["expires_at"])


def _resolve(workspace: Workspace, connection: JsonObject) -> None:
    connection["updated_at"] = workspace.now()
    workspace.store.put("connection", connection["id"], connection)
    sharing.update_copies(workspace, connection)
    cancel(workspace.store, connection["id"])
