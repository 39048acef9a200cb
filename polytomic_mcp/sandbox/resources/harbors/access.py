"""Access with a Harbor's credential: which operations it may call, each with an unused request id.

A call needs a new ``X-Polytomic-Activity-Request-ID``: without one it is refused with 400, with one used
in the last two days with 409. The sandbox has no sessions, because the service creates them itself.
"""

from typing import Final
from uuid import UUID

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.workspace.retention import delete_expired

REQUEST_ID: Final = "X-Polytomic-Activity-Request-ID"
SESSION: Final = "X-Polytomic-Harbor-Session"

_UNRESTRICTED: Final = ("GET /api/me", "GET /api/queries/{id}")
"""The operations outside Harbors that every credential may call."""

_USED: Final = "harbor_request"


def is_restricted(call: Call) -> bool:
    """Return whether a Harbor's credential makes a call that needs a request id and is recorded."""
    return call.credential.harbor_id is not None and call.operation not in _UNRESTRICTED


def require_access(call: Call, operation: Operation) -> None:
    """Check that a Harbor's credential may make the call, and use up the request id.

    Raises:
        RefusalError: 400 for a missing request id, 403 for another operation or a session, 409 for a
            request id that was used before.
    """
    if not is_restricted(call):
        return
    if REQUEST_ID not in operation.headers:
        raise RefusalError(
            403, f"A Harbor's credential cannot call {call.operation}; use an API key.", key="forbidden"
        )
    if SESSION in call.headers:
        raise RefusalError(403, f"{SESSION} is not an active session; omit the header.", key="forbidden")
    used = f"{call.credential.harbor_id}/{_request_id(call)}"
    with call.workspace.store.transaction():
        delete_expired(call.workspace, _USED, "at")
        if call.workspace.store.get(_USED, used) is not None:
            raise RefusalError(
                409,
                f"This {REQUEST_ID} was used before; send a new UUID with each call.",
                key="request_id_used",
            )
        call.workspace.store.put(_USED, used, {"at": call.workspace.now()})


def _request_id(call: Call) -> str:
    try:
        request_id = UUID(call.headers[REQUEST_ID])
    except (KeyError, ValueError) as error:
        raise RefusalError(
            400, f"{REQUEST_ID} must be a new UUID for each call.", key="bad_request"
        ) from error
    if not request_id.int:
        raise RefusalError(400, f"{REQUEST_ID} must not be all zeros.", key="bad_request")
    return str(request_id)
