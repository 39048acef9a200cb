"""Consents that OAuth connections wait for: each has a single-use token, stored as its digest."""

import secrets
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common import tokens
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.resources.connections import sharing
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "consent"
PATH: Final = "/sandbox/consent/{token}"

_CODE_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
_DENIED: Final = "Access was denied on the consent page; update the connection with reconnect=true to retry."


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that is still pending; ``code`` is what the person must type, or None."""

    token: str
    connection_id: str
    redirect_url: str | None
    code: str | None

    def url(self, base_url: str) -> str:
        """Return the address of the consent page."""
        return base_url + PATH.format(token=self.token)


def create(store: Store, connection_id: str, *, redirect_url: str | None, has_code: bool) -> Consent:
    """Create a connection's pending consent and invalidate its earlier ones."""
    cancel(store, connection_id)
    code = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(8)) if has_code else None
    consent = Consent(tokens.generate(), connection_id, redirect_url, code)
    document: JsonObject = {
        "token": tokens.digest(consent.token),
        "connection_id": connection_id,
        "redirect_url": redirect_url,
        "code": code,
    }
    store.put(KIND, document["token"], document)
    return consent


def find(store: Store, token: str) -> Consent | None:
    """Return a pending consent; None if its token is unknown, invalidated or used."""
    document = store.get(KIND, tokens.digest(token))
    return None if document is None else Consent(**(document | {"token": token}))


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


def _resolve(workspace: Workspace, connection: JsonObject) -> None:
    connection["updated_at"] = workspace.now()
    workspace.store.put("connection", connection["id"], connection)
    sharing.update_copies(workspace, connection)
    cancel(workspace.store, connection["id"])
