"""Permission: whether the caller may make a call."""

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.calls.credentials import Credential
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.gateway.extensions import Extensions


def require_write_access(operation: Operation, credential: Credential) -> None:
    """Raise a 403 refusal if the credential is read-only and the operation writes."""
    if credential.mode == "read_only" and operation.effect != "read":
        raise RefusalError(403, f"This credential is read-only, but {operation.id} writes.", key="forbidden")


def authorize(call: Call, operation: Operation, extensions: Extensions) -> Call:
    """Return the call within the organization that it is for, if every guard allows it.

    Raises:
        RefusalError: A placement or a guard refused the call.
    """
    for place in extensions.placements:
        call = place(call)
    for guard in extensions.guards:
        guard(call, operation)
    return call
