"""Webhooks: where an organization's events are sent, and the attempts to deliver them."""

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
from polytomic_mcp.tools.api_access.own_words import own_words
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion, confirming
from polytomic_mcp.tools.events.periods import Since, Until, period
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)
from polytomic_mcp.tools.framework.requests import Request

_SIGNING_KEY: Final = "secret"

_DEFAULT_LIMIT: Final = 20
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

WebhookId = Annotated[str | None, Field(description="Id or endpoint; omit if there is only one")]


class WebhookRequest(Request):
    """A webhook as a caller writes it."""

    endpoint: Annotated[str | None, Field(description="URL to post to")] = None
    secret: Annotated[str | None, Field(description="Signs the events")] = None


class Webhook(Result):
    """A webhook; its secret is never shown."""

    id: str
    endpoint: str | None = None
    disabled: bool | None = None


async def list_webhooks(
    api: Api,
    query: Query = None,
    fields: Fields = None,
    limit: Limit = _DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List webhooks: the endpoints that Polytomic posts signed events to."""
    has_secret = _SIGNING_KEY in (fields or ())
    return await list_page(
        api,
        WEBHOOK.list,
        row=lambda item: _part(item, _SHORT) | ({_SIGNING_KEY: MASK} if has_secret else {}),
        query=query,
        fields=[name for name in fields or () if name != _SIGNING_KEY],
        limit=limit,
        page_token=page_token,
    )


async def list_webhook_deliveries(
    api: Api,
    webhook_id: WebhookId = None,
    success: Annotated[
        bool | None, Field(description="Only successful attempts, or only failed ones")
    ] = None,
    event_id: Annotated[str | None, Field(description="Only for this event")] = None,
    since: Since = None,
    until: Until = None,
    query: Query = None,
    fields: Fields = None,
    limit: Limit = _DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List attempts to deliver events, newest first. fields can add error and response_body."""
    start, end = period("list_webhook_deliveries", since, until)
    webhook = await _find(api, webhook_id)
    with own_words(start="since", end="until"):
        return await list_page(
            api,
            "GET /api/webhooks/{id}/deliveries",
            row=lambda item: _part(item, _ATTEMPT),
            query=query,
            fields=fields,
            limit=limit,
            page_token=page_token,
            id=webhook["id"],
            **given(success=success, event_id=event_id, start=start, end=end),
        )


async def save_webhook(
    caller: TheCaller,
    request: WebhookRequest,
    webhook_id: WebhookId = None,
) -> Webhook:
    """Create or update the webhook that events are sent to. An organization has one."""
    api = caller.api
    async with caller.updating:
        if webhook_id is None and not await every(api, WEBHOOK.list):
            if request.endpoint is None or request.secret is None:
                raise ToolError("save_webhook: There is no webhook yet. Send endpoint and secret.")
            return _webhook(await data_of(api, "POST /api/webhooks", **request.body()))
        stored = await _find(api, webhook_id)
        body = {"endpoint": stored.get("endpoint"), "secret": stored.get("secret")} | request.body()
        if body["secret"] in (None, MASK):
            raise ToolError(
                "save_webhook: Polytomic does not return the secret but replaces it with every update. Send "
                "secret again. Nothing was changed."
            )
        return _webhook(await data_of(api, "PUT /api/webhooks/{id}", id=stored["id"], **body))


async def set_webhook_active(api: Api, active: bool, webhook_id: WebhookId = None) -> Webhook:
    """Enable or disable a webhook. Events that occur while it is disabled are not sent later."""
    webhook = await _find(api, webhook_id)
    operation = f"POST /api/webhooks/{{id}}/{'enable' if active else 'disable'}"
    return _webhook(await data_of(api, operation, id=webhook["id"]))


async def webhook_deletion(api: Api, webhook_id: str | None) -> Deletion:
    """Return what deleting a webhook affects."""
    webhook = await _find(api, webhook_id)
    consequence = "Events are no longer sent there, and its delivery history is deleted."
    return Deletion(WEBHOOK, webhook["id"], str(webhook.get("endpoint")), consequence)


async def delete_webhook(
    api: Api,
    deletion: Annotated[Deletion, Resolve(webhook_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirming(webhook_deletion))],
    webhook_id: WebhookId = None,
    confirm_name: Annotated[
        ConfirmName, Field(description="Its endpoint; only if the client cannot ask a person")
    ] = None,
) -> Deleted:
    """Delete a webhook. A person is asked first."""
    del webhook_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/webhooks/{id}", lambda: webhook_deletion(api, deletion.id)
    )


async def _find(api: Polytomic, reference: str | None) -> JsonObject:
    """Return the webhook with that id or endpoint; without a reference, the only webhook."""
    if reference is not None:
        return await find(api, WEBHOOK, reference)
    webhooks = await every(api, WEBHOOK.list)
    if not webhooks:
        raise ToolError("There is no webhook yet. save_webhook creates one.")
    if len(webhooks) > 1:
        endpoints = ", ".join(str(webhook.get("endpoint")) for webhook in webhooks)
        raise ToolError(f"There are {len(webhooks)} webhooks. Send webhook_id. Valid values: {endpoints}.")
    return webhooks[0]


def _without_secret(webhook: JsonObject) -> JsonObject:
    return {name: value for name, value in webhook.items() if name != _SIGNING_KEY}


def _part(item: JsonObject, names: Sequence[str]) -> JsonObject:
    return {name: item.get(name) for name in names}


def _webhook(webhook: JsonObject) -> Webhook:
    return Webhook.model_validate(_without_secret(webhook))
