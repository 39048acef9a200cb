"""Who is told of the errors of all syncs."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.resources.events import subscribers

_KIND: Final = "global_error_subscribers"


def get(call: Call) -> JsonObject:
    """Answer with the addresses; this answer has no envelope (seen in the 2025-09-18 SDK)."""
    return call.workspace.store.get(_KIND, call.credential.organization_id) or {"emails": []}


def replace(call: Call) -> JsonObject:
    """Replace the addresses."""
    emails = {"emails": subscribers.read(call, "emails")}
    call.workspace.store.put(_KIND, call.credential.organization_id, emails)
    return emails


ROUTES: Final[Routes] = {
    "GET /api/notifications/global-error-subscribers": get,
    "PUT /api/notifications/global-error-subscribers": replace,
}
