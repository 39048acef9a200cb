"""Signed URLs, which work for a while without a key."""

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
"""How long a signed URL works; a guess."""

_LONGEST: Final = 15
"""The most digits of a timestamp; Python does not parse thousands of them."""


def expiry(now: datetime) -> int:
    """Return when a URL that is signed now expires, in seconds since 1970."""
    return int((now + LIFETIME).timestamp())


def sign(workspace: Workspace, path: str, expires: int) -> str:
    """Return the signature of a path until ``expires``; it differs for each workspace."""
    return hmac.new(_secret(workspace), f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()


def address(workspace: Workspace, base_url: str, path: str, expires: int) -> str:
    """Return the signed URL of a path, which works until ``expires``."""
    query = urlencode({"expires": expires, "signature": sign(workspace, path, expires)})
    return f"{base_url}{path}?{query}"


def refusal(workspace: Workspace, request: Request) -> Response | None:
    """Return the 403 answer to a URL that is not signed or has expired; None if it is valid."""
    expires, signature = request.query_params.get("expires", ""), request.query_params.get("signature", "")
    if is_valid(workspace, request.url.path, expires, signature):
        return None
    message = "This URL has expired or is not signed. Request a new one."
    return JSONResponse({"status": 403, "message": message, "key": "forbidden"}, 403)


def is_valid(workspace: Workspace, path: str, expires: str, signature: str) -> bool:
    """Return whether the signature of a path is valid now."""
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= _LONGEST):
        return False
    if workspace.clock().timestamp() > int(expires):
        return False
    return hmac.compare_digest(sign(workspace, path, int(expires)).encode(), signature.encode())


def _secret(workspace: Workspace) -> bytes:
    """Return the workspace's secret, which is created at the first use and stored in its state."""
    with workspace.store.transaction():
        document = workspace.store.get("secret", "logs")
        if document is None:
            document = {"value": secrets.token_hex(32)}
            workspace.store.put("secret", "logs", document)
    return document["value"].encode()
