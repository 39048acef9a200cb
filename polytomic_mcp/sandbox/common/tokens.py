"""Tokens: random words, shown once and kept as digests."""

import hashlib
import secrets


def mint() -> str:
    """Return a new token that fits an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what a token is kept under; it tells nobody the token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
