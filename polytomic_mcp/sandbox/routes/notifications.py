"""Who is told of the errors of all syncs."""

from typing import Final

from polytomic_mcp.sandbox import subscribers
from polytomic_mcp.sandbox.call import Call, Routes
from polytomic_mcp.sandbox.store import JsonObject

_KIND: Final = "global_error_subscribers"


def get(call: Call) -> JsonObject:
    """Answer with the addresses; this answer has no envelope (seen in the 2025-09-18 SDK)."""
    return call.world.store.get(_KIND, call.credential.organization_id) or {"emails": []}


def replace(call: Call) -> JsonObject:
    """Replace the addresses."""
    emails = {"emails": subscribers.read(call, "emails")}
    call.world.store.put(_KIND, call.credential.organization_id, emails)
    return emails


ROUTES: Final[Routes] = {
    "GET /api/notifications/global-error-subscribers": get,
    "PUT /api/notifications/global-error-subscribers": replace,
}
