"""Connect sessions: links with which a person without an API key creates or reconnects one connection.

A session is stored under the digest of its token, which is shown once. It is used up as soon as its
connection works; until then the person can return to it.
"""

from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.credentials import Credential
from polytomic_mcp.sandbox.common import tokens
from polytomic_mcp.sandbox.workspace.retention import delete_expired
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

KIND: Final = "connect_session"
PATH: Final = "/sandbox/connect/{token}"
READ_PATH: Final = "/api/connections/connect/session"

USUAL: Final = 300
LONGEST: Final = 604_800
"""Seconds a session is valid: the default and the maximum (the API's documentation)."""

METHOD: Final = "connect_session"
"""The name of the credential that can only read its session; a guess."""


def create(workspace: Workspace, session: JsonObject, *, user_id: str, seconds: int) -> str:
    """Store a new session of the workspace's organization and return its token."""
    delete_expired(workspace, KIND, "expires_at")
    token = tokens.generate()
    session |= {
        "id": workspace.new_id(),
        "expires_at": written(workspace.clock() + timedelta(seconds=seconds)),
        "_organization_id": workspace.organization_id,
        "_user_id": user_id,
        "_is_submitted": False,
    }
    workspace.store.put(KIND, tokens.digest(token), session)
    return token


def save(workspace: Workspace, token: str, session: JsonObject) -> None:
    """Store a changed session."""
    workspace.store.put(KIND, tokens.digest(token), session)


def find(workspace: Workspace, token: str) -> JsonObject | None:
    """Return the session of a token, or None if there is no such session."""
    return workspace.store.get(KIND, tokens.digest(token))


def is_unexpired(workspace: Workspace, session: JsonObject) -> bool:
    """Return whether the session has not expired."""
    return workspace.clock() < datetime.fromisoformat(session["expires_at"])


def is_used(workspace: Workspace, session: JsonObject) -> bool:
    """Return whether the session's connection works or was deleted."""
    if session["connection_id"] is None:
        return False
    connection = workspace.within(session["_organization_id"]).store.get(
        "connection", session["connection_id"]
    )
    return connection is None or (session["_is_submitted"] and connection["status"] == "healthy")


def read_credential(workspace: Workspace, request: Request) -> Credential | None:
    """Return the credential of an unexpired session's own token, which can only read that session.

    The token is the ``token`` of the query, or is sent in place of an API key.
    """
    _, _, key = request.headers.get("Authorization", "").partition(" ")
    for token in filter(None, (request.query_params.get("token"), key.strip())):
        session = find(workspace, token)
        if session is not None and is_unexpired(workspace, session):
            organization_id: str = session["_organization_id"]
            return Credential(organization_id, tokens.digest(token), METHOD, "read_only", holder="session")
    return None
