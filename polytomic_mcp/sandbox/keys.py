"""Whether a request carries the sandbox's key."""

import base64
import binascii
import secrets

from polytomic_mcp.sandbox.refusals import RefusalError


def require_key(authorization: str | None, key: str) -> None:
    """Let ``Bearer KEY`` and ``Basic base64(organization:KEY)`` through.

    Raises:
        RefusalError: 401, the header is missing or holds another key.
    """
    if authorization is None:
        raise _unauthorized("No API key was sent")
    if not secrets.compare_digest(_presented(authorization).encode(), key.encode()):
        raise _unauthorized("The API key is wrong")


def _presented(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            return _password(value.strip())
        case _:
            return ""


def _password(credentials: str) -> str:
    try:
        text = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text.partition(":")[2]


def _unauthorized(what: str) -> RefusalError:
    return RefusalError(
        401,
        f"{what}; send the sandbox's key as 'Authorization: Bearer KEY'.",
        key="unauthorized",
        headers={"WWW-Authenticate": "Bearer"},
    )
