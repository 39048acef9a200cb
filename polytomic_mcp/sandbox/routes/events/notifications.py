"""Error notifications: the subscribers to the errors of all syncs."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.resources.events import notifications

_KIND: Final = "global_error_subscribers"


def get(call: Call) -> JsonObject:
    """Return the subscribers' email addresses, without an envelope (seen in the 2025-09-18 SDK)."""
    return call.workspace.store.get(_KIND, call.credential.organization_id) or {"emails": []}


def replace(call: Call) -> JsonObject:
    """Replace the subscribers' email addresses."""
    emails = {"emails": notifications.read_subscribers(call, "emails")}
    call.workspace.store.put(_KIND, call.credential.organization_id, emails)
    return emails


ROUTES: Final[Routes] = {
    "GET /api/notifications/global-error-subscribers": get,
    "PUT /api/notifications/global-error-subscribers": replace,
}
