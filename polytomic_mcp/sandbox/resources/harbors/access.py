"""What a Harbor's credential may call, and what is kept of its calls.

Each call of it names a fresh ``X-Polytomic-Activity-Request-ID``; without one it is refused with 400,
with one that was used in the last two days
with 409. Sessions are the service's own affair, so none is active here.
"""

from typing import Final
from uuid import UUID

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.events.retention import forget_old

REQUEST_ID: Final = "X-Polytomic-Activity-Request-ID"
SESSION: Final = "X-Polytomic-Harbor-Session"
ACTIVITY: Final = "harbor_activity"

_BESIDE: Final = ("GET /api/me", "GET /api/queries/{id}")
_USED: Final = "harbor_request"
_NOUNS: Final = {
    "contexts": "context",
    "saved-queries": "saved_query",
    "query": "query",
    "connections": "connection",
    "schemas": "schema",
    "record-view-links": "record_view_link",
}
_SUBJECTS: Final = ("context_id", "connection_id", "saved_query_id", "schema_id")


def require_access(call: Call, operation: Operation) -> None:
    """Refuse what a Harbor may not call, use up its request id; calls of other credentials always pass."""
    if call.credential.harbor_id is None or call.operation in _BESIDE:
        return
    if REQUEST_ID not in operation.headers:
        raise RefusalError(403, f"{call.operation} is not for a Harbor's credential.", key="forbidden")
    if SESSION in call.headers:
        raise RefusalError(403, f"{SESSION} names no active session; leave it out.", key="forbidden")
    used = f"{call.credential.harbor_id}/{_request_id(call)}"
    with call.workspace.store.transaction():
        forget_old(call.workspace, _USED, "at")
        if call.workspace.store.get(_USED, used) is not None:
            raise RefusalError(
                409, f"This {REQUEST_ID} was used; send a new UUID each time.", key="request_id_used"
            )
        call.workspace.store.put(_USED, used, {"at": call.workspace.now()})


def note(call: Call) -> None:
    """Keep what a Harbor's credential did, without what it read or asked; what was refused is not kept."""
    if call.credential.harbor_id is None or call.operation in _BESIDE:
        return
    workspace, credential = call.workspace, call.credential
    now = workspace.now()
    event: JsonObject = {
        "id": workspace.new_id(),
        "event_type": _event_type(call.operation),
        "harbor_id": credential.harbor_id,
        "operation_id": call.operation,
        "outcome": "succeeded",
        "occurred_at": now,
        "recorded_at": now,
        "attempt_id": call.headers.get(REQUEST_ID),
        "actor": {"id": credential.user_id, "type": "user"},
        "credential": {"id": credential.credential_id},
        "connection_id": call.arguments.get("connection_id"),
        "context_id": call.arguments.get("context_id"),
        "metadata": {},
        "targets": [
            {"type": name.removesuffix("_id"), "id": call.arguments[name]}
            for name in _SUBJECTS
            if name in call.arguments
        ],
    }
    workspace.store.put(ACTIVITY, event["id"], event)


def _request_id(call: Call) -> str:
    try:
        found = UUID(call.headers[REQUEST_ID])
    except (KeyError, ValueError) as error:
        raise RefusalError(
            400, f"{REQUEST_ID} must be a new UUID for each call.", key="bad_request"
        ) from error
    if not found.int:
        raise RefusalError(400, f"{REQUEST_ID} must not be all zeros.", key="bad_request")
    return str(found)


def _event_type(operation: str) -> str:
    """Name what happened, as ``saved_query.fetched`` (seen in the API's documentation; the rest a guess)."""
    method, _, path = operation.partition(" ")
    parts = [part for part in path.split("/") if part in _NOUNS]
    done = "deleted" if method == "DELETE" else "fetched" if method == "GET" else "submitted"
    is_list = method == "GET" and not path.endswith("}")
    return f"{_NOUNS[parts[-1]] if parts else 'request'}.{'listed' if is_list else done}"
