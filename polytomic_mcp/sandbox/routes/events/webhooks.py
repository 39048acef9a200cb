"""Webhooks: one per organization, to which events are sent, and the deliveries to it."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes, public
from polytomic_mcp.sandbox.calls.time_window import Window
from polytomic_mcp.sandbox.common.addresses import is_web_address
from polytomic_mcp.sandbox.common.refusals import RefusalError, unprocessable
from polytomic_mcp.sandbox.resources.connections.configuration import MASK
from polytomic_mcp.sandbox.resources.events import deliveries
from polytomic_mcp.sandbox.resources.organizations import organizations

KIND: Final = "webhook"
_ENABLED: Final[JsonObject] = {"disabled": False, "disabled_at": None, "disabled_reason": None}


def list_all(call: Call) -> JsonObject:
    """List the webhooks, with their secrets masked."""
    return {"data": [_shown(webhook) for webhook in organizations.accessible(call, KIND)]}


def create(call: Call) -> JsonObject:
    """Create the organization's webhook, which receives events from now on."""
    organization_id = organizations.require_access(call, call.arguments.get("organization_id"))
    if organization_id in [each["organization_id"] for each in call.workspace.store.list(KIND)]:
        raise RefusalError(
            422, "The organization already has a webhook; update or delete it.", key="webhook_exists"
        )
    webhook = {
        "id": call.workspace.new_id(),
        "organization_id": organization_id,
        "created_at": call.workspace.now(),
        **_ENABLED,
    }
    return _save(call, webhook)


def get(call: Call) -> JsonObject:
    """Return one webhook."""
    return {"data": _shown(_find(call))}


def update(call: Call) -> JsonObject:
    """Replace a webhook's endpoint and secret; a secret sent as its mask is unchanged (a choice)."""
    return _save(call, _find(call))


def delete(call: Call) -> Answer:
    """Delete a webhook and its deliveries."""
    webhook = _find(call)
    deliveries.delete(call.workspace, webhook["id"])
    call.workspace.store.delete(KIND, webhook["id"])
    return Answer(status=204)


def enable(call: Call) -> JsonObject:
    """Resume sending events; those that happened meanwhile are not sent."""
    return _put(call, _find(call) | _ENABLED)


def disable(call: Call) -> JsonObject:
    """Stop sending events; those that happen from now on are dropped. The reason's text is a guess."""
    disabled = {
        "disabled": True,
        "disabled_at": call.workspace.now(),
        "disabled_reason": "Disabled by a user",
    }
    return _put(call, _find(call) | disabled)


def list_deliveries(call: Call) -> JsonObject:
    """List delivery attempts in pages, newest first; the last page has an empty token."""
    webhook_id: str = _find(call)["id"]
    window = Window.of(call, "start", "end")
    found = [
        delivery
        for delivery in call.workspace.store.list(deliveries.KIND)
        if delivery["_webhook_id"] == webhook_id
        and all(
            call.arguments.get(name, delivery[name]) == delivery[name] for name in ("success", "event_id")
        )
        and window.holds(delivery["attempted_at"])
    ]
    shown, page = pagination.page(call, found, lambda delivery: (delivery["attempted_at"], delivery["id"]))
    return {"data": [public(each) for each in shown], "pagination": page or {"next_page_token": ""}}


def _find(call: Call) -> JsonObject:
    return organizations.find(call, KIND, call.arguments["id"])


def _save(call: Call, webhook: JsonObject) -> JsonObject:
    endpoint: str = call.arguments["endpoint"]
    if not is_web_address(endpoint):
        raise unprocessable(call.operation, "endpoint must be an http or https address")
    secret: str = call.arguments["secret"]
    if secret == MASK:
        secret = webhook.get("secret", "")
    if not secret:
        raise unprocessable(call.operation, "secret must not be empty")
    return _put(call, webhook | {"endpoint": endpoint, "secret": secret})


def _put(call: Call, webhook: JsonObject) -> JsonObject:
    call.workspace.store.put(KIND, webhook["id"], webhook)
    return {"data": _shown(webhook)}


def _shown(webhook: JsonObject) -> JsonObject:
    return webhook | {"secret": MASK}


ROUTES: Final[Routes] = {
    "GET /api/webhooks": list_all,
    "POST /api/webhooks": create,
    "GET /api/webhooks/{id}": get,
    "PUT /api/webhooks/{id}": update,
    "DELETE /api/webhooks/{id}": delete,
    "POST /api/webhooks/{id}/enable": enable,
    "POST /api/webhooks/{id}/disable": disable,
    "GET /api/webhooks/{id}/deliveries": list_deliveries,
}
