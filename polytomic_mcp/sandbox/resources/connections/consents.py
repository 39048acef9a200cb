"""The consents that OAuth connections wait for: one token each, used once and kept as its digest."""

import secrets
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common import tokens
from polytomic_mcp.sandbox.data.store import Store

KIND: Final = "consent"
PATH: Final = "/sandbox/consent/{token}"

_CODE_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that a person has not given yet; ``code`` is what they must type, if anything."""

    token: str
    connection_id: str
    redirect_url: str | None
    code: str | None

    def url(self, base_url: str) -> str:
        """Return the address of the page that asks for it."""
        return base_url + PATH.format(token=self.token)


def ask(store: Store, connection_id: str, *, redirect_url: str | None, has_code: bool) -> Consent:
    """Mint a consent for a connection; those it waited for before are void."""
    withdraw(store, connection_id)
    code = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(8)) if has_code else None
    consent = Consent(tokens.mint(), connection_id, redirect_url, code)
    document: JsonObject = {
        "token": tokens.digest(consent.token),
        "connection_id": connection_id,
        "redirect_url": redirect_url,
        "code": code,
    }
    store.put(KIND, document["token"], document)
    return consent


def find(store: Store, token: str) -> Consent | None:
    """Return the consent, or None for a token that is unknown, void or used."""
    document = store.get(KIND, tokens.digest(token))
    return None if document is None else Consent(**(document | {"token": token}))


def withdraw(store: Store, connection_id: str) -> None:
    """Make void every consent the connection waits for."""
    for document in store.list(KIND):
        if document["connection_id"] == connection_id:
            store.delete(KIND, document["token"])
