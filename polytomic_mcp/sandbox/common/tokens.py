"""Tokens: random texts that are shown once and stored as digests."""

import hashlib
import secrets


def generate() -> str:
    """Return a new token that is safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return the digest under which a token is stored; it does not reveal the token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
