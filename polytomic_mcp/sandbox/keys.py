"""Whose call a request is: the token it carries, and whom that stands for."""

import base64
import binascii
import secrets

from polytomic_mcp.sandbox import credentials
from polytomic_mcp.sandbox.credentials import Credential
from polytomic_mcp.sandbox.refusals import RefusalError
from polytomic_mcp.sandbox.world import World


def read_token(authorization: str | None) -> str:
    """Return the token of ``Bearer TOKEN`` or ``Basic base64(organization:TOKEN)``.

    Raises:
        RefusalError: 401, the header is missing.
    """
    if authorization is None:
        raise _unauthorized("No API key was sent")
    return _presented(authorization)


def is_own(world: World, token: str) -> bool:
    """Say whether this is the sandbox's own key, which stands for its ``OWNER``."""
    return secrets.compare_digest(token.encode(), world.key.encode())


def identify(world: World, token: str) -> Credential:
    """Return whom a token stands for that the sandbox has minted; may wait for the store.

    Raises:
        RefusalError: 401, the token is none of the sandbox's, was revoked or has expired.
    """
    credential = credentials.find(world, token)
    if credential is None:
        raise _unauthorized("The API key is wrong")
    return credential


def _presented(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            return _password(value.strip())
        case _:
            return ""


def _password(credentials_: str) -> str:
    try:
        text = base64.b64decode(credentials_, validate=True).decode()
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
