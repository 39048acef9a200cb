"""Addresses that open by their signature alone, for a while: what a log's signed URL is."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.sandbox.world import World

LIFETIME: Final = timedelta(minutes=15)
"""How long a signed address opens; a guess."""


def expiry(now: datetime) -> int:
    """Return when an address signed now stops to open, in seconds since 1970."""
    return int((now + LIFETIME).timestamp())


def sign(world: World, path: str, expires: int) -> str:
    """Return the signature of a path that opens until ``expires``; another world's differs."""
    return hmac.new(_secret(world), f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()


def is_valid(world: World, path: str, expires: str, signature: str) -> bool:
    """Say whether the path opens now with this signature."""
    if not (expires.isascii() and expires.isdecimal()) or world.clock().timestamp() > int(expires):
        return False
    return hmac.compare_digest(sign(world, path, int(expires)).encode(), signature.encode())


def _secret(world: World) -> bytes:
    """Return the world's own secret, made when first needed and kept with its state."""
    with world.store.transaction():
        document = world.store.get("secret", "logs")
        if document is None:
            document = {"value": secrets.token_hex(32)}
            world.store.put("secret", "logs", document)
    return document["value"].encode()
