"""Authentication: which credential a request presents, and whom it belongs to."""

import base64
import binascii
import secrets
from dataclasses import dataclass, replace

import anyio.to_thread
from starlette.requests import Request

from polytomic_mcp.sandbox.calls import credentials
from polytomic_mcp.sandbox.calls.credentials import OWNER, Credential
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.gateway.extensions import Extensions
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Token:
    """What a request presents, and the organization that it names with it."""

    value: str
    organization_id: str | None = None


async def authenticate(workspace: Workspace, request: Request, extensions: Extensions) -> Credential:
    """Return the credential of a request.

    Raises:
        RefusalError: 401, it presents none, or one that does not work.
    """
    if reader := extensions.credential_readers.get(request.url.path):
        credential = await anyio.to_thread.run_sync(reader, workspace, request)
        if credential is not None:
            return credential
    token = read_token(request.headers.get("Authorization"))
    if token.organization_id is None and is_own(workspace, token):
        return OWNER  # the usual case: no other thread is needed
    return await anyio.to_thread.run_sync(identify, workspace, token)


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
            return _basic_token(value.strip())
        case _:
            return Token("")


def identify(workspace: Workspace, token: Token) -> Credential:
    """Return the credential of a token; may wait for the store.

    The sandbox's own key acts as a partner's would, or as the organization that is named with it and in that
    one alone. A name that no organization has is ignored (a choice).

    Raises:
        RefusalError: 401, the token is unknown, revoked or expired.
    """
    if is_own(workspace, token):
        named = token.organization_id and workspace.store.get("organization", token.organization_id)
        return replace(OWNER, organization_id=named["id"], holder="organization") if named else OWNER
    credential = credentials.find(workspace, token.value)
    if credential is None:
        raise _unauthorized("The API key is wrong")
    return credential


def is_own(workspace: Workspace, token: Token) -> bool:
    """Return whether the token is the sandbox's own key."""
    return secrets.compare_digest(token.value.encode(), workspace.key.encode())


def _basic_token(text: str) -> Token:
    try:
        organization_id, _, value = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Token("")
    return Token(value, organization_id)


def _unauthorized(problem: str) -> RefusalError:
    return RefusalError(
        401,
        f"{problem}. Send the sandbox's key as 'Authorization: Bearer KEY'.",
        key="unauthorized",
        headers={"WWW-Authenticate": "Bearer"},
    )
