"""Webhooks: where an organization's events are sent, and what became of the sending."""

from collections.abc import Sequence
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.results import MASK, Deleted, Page, Result
from polytomic_mcp.tools.api_access.listing import list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import WEBHOOK, every, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion, confirming
from polytomic_mcp.tools.deletions.dependants import Dependants
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)

_HIDDEN: Final = "secret"

_FEW: Final = 20
_SHORT: Final = ("id", "endpoint", "disabled")
_ATTEMPT: Final = (
    "id",
    "event_id",
    "event_type",
    "success",
    "status_code",
    "error_kind",
    "duration_ms",
    "attempted_at",
)

WebhookId = Annotated[str | None, Field(description="Id or endpoint; may be left out for the only one")]
Since = Annotated[str | None, Field(description="After this time, ISO 8601")]
Until = Annotated[str | None, Field(description="Before this time")]


class Webhook(Result):
    """A webhook; its secret is never shown."""

    id: str
    endpoint: str | None = None
    disabled: bool | None = None


async def list_webhooks(
    api: Api, query: Query = None, fields: Fields = None, limit: Limit = _FEW, page_token: PageToken = None
) -> Page:
    """List webhooks: where Polytomic posts events, signed."""
    is_asked = _HIDDEN in (fields or ())
    return await list_page(
        api,
        WEBHOOK.list,
        row=lambda item: _part(item, _SHORT) | ({_HIDDEN: MASK} if is_asked else {}),
        query=query,
        fields=[name for name in fields or () if name != _HIDDEN],
        limit=limit,
        page_token=page_token,
    )


async def list_webhook_deliveries(
    api: Api,
    webhook_id: WebhookId = None,
    success: Annotated[bool | None, Field(description="Only those that succeeded, or failed")] = None,
    event_id: Annotated[str | None, Field(description="Only of this event")] = None,
    since: Since = None,
    until: Until = None,
    query: Query = None,
    fields: Fields = None,
    limit: Limit = _FEW,
    page_token: PageToken = None,
) -> Page:
    """List attempts to deliver events, newest first; fields adds error and response_body."""
    webhook = await _find(api, webhook_id)
    return await list_page(
        api,
        "GET /api/webhooks/{id}/deliveries",
        row=lambda item: _part(item, _ATTEMPT),
        query=query,
        fields=fields,
        limit=limit,
        page_token=page_token,
        id=webhook["id"],
        **given(success=success, event_id=event_id, start=since, end=until),
    )


async def save_webhook(
    caller: TheCaller,
    endpoint: Annotated[str | None, Field(description="Web address to post to")] = None,
    secret: Annotated[str | None, Field(description="Signs what is sent")] = None,
    webhook_id: WebhookId = None,
) -> Webhook:
    """Set where events are sent: creates the organization's webhook, or changes it. One per organization."""
    api = caller.api
    async with caller.updating:
        if webhook_id is None and not await every(api, WEBHOOK.list):
            if endpoint is None or secret is None:
                raise ToolError("save_webhook: there is no webhook yet; send endpoint and secret.")
            made = await data_of(api, "POST /api/webhooks", endpoint=endpoint, secret=secret)
            return _webhook(made)
        stored = await _find(api, webhook_id)
        body = {"endpoint": stored.get("endpoint"), "secret": stored.get("secret")}
        body |= given(endpoint=endpoint, secret=secret)
        if body["secret"] in (None, MASK):
            raise ToolError(
                "save_webhook: Polytomic does not show the secret and replaces it with every change. Send "
                "secret again. Nothing was changed."
            )
        return _webhook(await data_of(api, "PUT /api/webhooks/{id}", id=stored["id"], **body))


async def set_webhook_active(api: Api, active: bool, webhook_id: WebhookId = None) -> Webhook:
    """Switch a webhook on or off; events that happen while it is off are not sent later."""
    webhook = await _find(api, webhook_id)
    operation = f"POST /api/webhooks/{{id}}/{'enable' if active else 'disable'}"
    return _webhook(await data_of(api, operation, id=webhook["id"]))


async def webhook_deletion(api: Api, webhook_id: str | None) -> Deletion:
    """Work out what deleting a webhook takes along."""
    webhook = await _find(api, webhook_id)
    consequence = "Events are sent there no more, and the record of deliveries goes."
    return Deletion(WEBHOOK, webhook["id"], str(webhook.get("endpoint")), consequence, Dependants())


async def delete_webhook(
    api: Api,
    deletion: Annotated[Deletion, Resolve(webhook_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirming(webhook_deletion))],
    webhook_id: WebhookId = None,
    confirm_name: Annotated[ConfirmName, Field(description="Its endpoint, where nobody can be asked")] = None,
) -> Deleted:
    """Delete a webhook. A person is asked first."""
    del webhook_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/webhooks/{id}", lambda: webhook_deletion(api, deletion.id)
    )


async def _find(api: Polytomic, reference: str | None) -> JsonObject:
    """Return the webhook of that id or endpoint; without one, the only one there is."""
    if reference is not None:
        return await find(api, WEBHOOK, reference)
    webhooks = await every(api, WEBHOOK.list)
    if not webhooks:
        raise ToolError("There is no webhook yet; save_webhook creates one.")
    if len(webhooks) > 1:
        endpoints = ", ".join(str(webhook.get("endpoint")) for webhook in webhooks)
        raise ToolError(f"There are {len(webhooks)} webhooks; send webhook_id, one of: {endpoints}.")
    return webhooks[0]


def _hidden(webhook: JsonObject) -> JsonObject:
    return {name: value for name, value in webhook.items() if name != _HIDDEN}


def _part(item: JsonObject, names: Sequence[str]) -> JsonObject:
    return {name: item.get(name) for name in names}


def _webhook(webhook: JsonObject) -> Webhook:
    return Webhook.model_validate(_hidden(webhook))
