"""Whose call a request is: the token it carries, and whom that stands for."""

import base64
import binascii
import secrets
from dataclasses import dataclass, replace

from polytomic_mcp.sandbox.api import credentials
from polytomic_mcp.sandbox.api.credentials import OWNER, Credential
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Token:
    """What a request presents, and the organization it names beside it."""

    value: str
    organization_id: str | None = None


def read_token(authorization: str | None) -> Token:
    """Return the token of ``Bearer TOKEN`` or ``Basic base64(organization:TOKEN)``.

    Raises:
        RefusalError: 401, the header is missing.
    """
    if authorization is None:
        raise _unauthorized("No API key was sent")
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return Token(value.strip())
        case "basic":
            return _pair(value.strip())
        case _:
            return Token("")


def identify(workspace: Workspace, token: Token) -> Credential:
    """Return whom a token stands for; may wait for the store.

    The sandbox's own key acts, as a partner's would, as the organization named beside it and in that
    one alone; a name that no organization has counts for nothing (a choice).

    Raises:
        RefusalError: 401, the token is none of the sandbox's, was revoked or has expired.
    """
    if is_own(workspace, token):
        named = token.organization_id and workspace.store.get("organization", token.organization_id)
        return replace(OWNER, organization_id=named["id"], holder="organization") if named else OWNER
    credential = credentials.find(workspace, token.value)
    if credential is None:
        raise _unauthorized("The API key is wrong")
    return credential


def is_own(workspace: Workspace, token: Token) -> bool:
    """Say whether this is the sandbox's own key."""
    return secrets.compare_digest(token.value.encode(), workspace.key.encode())


def _pair(text: str) -> Token:
    try:
        organization_id, _, value = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Token("")
    return Token(value, organization_id)


def _unauthorized(what: str) -> RefusalError:
    return RefusalError(
        401,
        f"{what}; send the sandbox's key as 'Authorization: Bearer KEY'.",
        key="unauthorized",
        headers={"WWW-Authenticate": "Bearer"},
    )
