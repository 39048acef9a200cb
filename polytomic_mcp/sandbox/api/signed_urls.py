"""Addresses that open by their signature alone, for a while."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from polytomic_mcp.sandbox.workspace.workspace import Workspace

LIFETIME: Final = timedelta(minutes=15)
"""How long a signed address opens; a guess."""

_LONGEST: Final = 15
"""Digits of an instant; Python reads no number of thousands of them."""


def expiry(now: datetime) -> int:
    """Return when an address signed now stops to open, in seconds since 1970."""
    return int((now + LIFETIME).timestamp())


def sign(workspace: Workspace, path: str, expires: int) -> str:
    """Return the signature of a path that opens until ``expires``; another workspace's differs."""
    return hmac.new(_secret(workspace), f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()


def address(workspace: Workspace, base_url: str, path: str, expires: int) -> str:
    """Return the address at which a path opens until ``expires``."""
    query = urlencode({"expires": expires, "signature": sign(workspace, path, expires)})
    return f"{base_url}{path}?{query}"


def refusal(workspace: Workspace, request: Request) -> Response | None:
    """Return the answer, 403, to an address that is not signed, or no longer; None where it is."""
    expires, signature = request.query_params.get("expires", ""), request.query_params.get("signature", "")
    if is_valid(workspace, request.url.path, expires, signature):
        return None
    message = "This address has expired or is not signed; ask for a new one where you got it."
    return JSONResponse({"status": 403, "message": message, "key": "forbidden"}, 403)


def is_valid(workspace: Workspace, path: str, expires: str, signature: str) -> bool:
    """Say whether the path opens now with this signature."""
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= _LONGEST):
        return False
    if workspace.clock().timestamp() > int(expires):
        return False
    return hmac.compare_digest(sign(workspace, path, int(expires)).encode(), signature.encode())


def _secret(workspace: Workspace) -> bytes:
    """Return the workspace's own secret, made when first needed and kept with its state."""
    with workspace.store.transaction():
        document = workspace.store.get("secret", "logs")
        if document is None:
            document = {"value": secrets.token_hex(32)}
            workspace.store.put("secret", "logs", document)
    return document["value"].encode()
