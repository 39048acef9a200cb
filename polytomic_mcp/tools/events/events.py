"""Events: what syncs and bulk syncs did in the last 48 hours."""

from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import NextStep, Page, Refusal, Row
from polytomic_mcp.tools.api_access.connection_names import connection_names, with_names
from polytomic_mcp.tools.api_access.listing import list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, SYNC, every, fitting_items
from polytomic_mcp.tools.api_access.own_words import own_words
from polytomic_mcp.tools.api_access.responses import list_in
from polytomic_mcp.tools.events.periods import Since, Until, period
from polytomic_mcp.tools.framework.arguments import Api, Fields, Limit, PageToken, Query

_DEFAULT_LIMIT: Final = 20
_PAGE_SIZE: Final = 100
"""The API's maximum; its default is 10."""

_FAILURES: Final = frozenset({"failed", "completed_with_errors", "completed_with_error"})
"""How the type of a failure ends; bulk syncs use the singular form."""

_OMITTED: Final = frozenset({"sync_name", "organization_id", "status", "logs_url", "schedule"})


async def list_events(
    api: Api,
    type: Annotated[str | None, Field(description="Such as sync.failed, bulk_sync.completed")] = None,  # noqa: A002 - the API's name
    sync_id: Annotated[str | None, Field(description="Sync or bulk sync: id or exact name")] = None,
    since: Since = None,
    until: Until = None,
    query: Query = None,
    fields: Fields = None,
    limit: Limit = _DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List events of syncs and bulk syncs in the last 48 hours: started, completed, failed; with counts."""
    after, before = period("list_events", since, until)
    names = await connection_names(api)
    with own_words(starting_after="since", ending_before="until"):
        page = await list_page(
            api,
            "GET /api/events",
            row=lambda item: with_names(_row(item), names),
            query=query,
            keep=lambda item: sync_id is None or _belongs_to(item, sync_id),
            fields=fields,
            limit=limit,
            page_token=page_token,
            page_size=_PAGE_SIZE,
            **given(type=type, starting_after=after, ending_before=before),
        )
    if type is not None and not page.items:
        await _require_type(api, type)
    if sync_id is not None and not page.items and page_token is None:
        await _require_some_sync(api, sync_id)
    page.next_steps = _next_steps(page.items)
    return page


async def _require_type(api: Polytomic, type_: str) -> None:
    operation = "GET /api/events_types"
    known = [str(each) for each in list_in(operation, await api.call(operation))]
    if known and type_ not in known:
        raise ToolError(f"list_events: {unknown('event type', type_, known)}")


def _belongs_to(item: JsonObject, reference: str) -> bool:
    payload = as_object(item.get("event"))
    name = str(payload.get("sync_name") or "")
    return payload.get("sync_id") == reference or name.casefold() == reference.casefold()


def _row(item: JsonObject) -> JsonObject:
    """Return an event as one flat object: id, sync name, type, time, ids, counts and error."""
    payload = as_object(item.get("event"))
    payload_fields = {
        name: value for name, value in payload.items() if name not in _OMITTED and value not in (None, [])
    }
    moment = {key: item.get(key) for key in ("type", "created_at")}
    return {**payload_fields, "id": item["id"], "name": payload.get("sync_name"), **moment}


def _next_steps(rows: list[Row]) -> list[NextStep] | None:
    """Suggest the call that explains the newest failure."""
    steps = (_step(row.model_dump()) for row in rows)
    return next(([step] for step in steps if step is not None), None)


def _step(event: JsonObject) -> NextStep | None:
    kind, _, what = str(event["type"]).partition(".")
    sync_id, execution_id = event.get("sync_id"), event.get("execution_id")
    if what not in _FAILURES or not sync_id:
        return None
    reason = f"explains why {event['name']} failed"
    if kind == "sync":
        return NextStep(tool="diagnose_sync", arguments={"sync_id": sync_id}, reason=reason)
    if kind != "bulk_sync":
        return None
    arguments = given(bulk_sync_id=sync_id, execution_id=execution_id, log=True)
    return NextStep(tool="get_bulk_sync_execution", arguments=arguments, reason=reason)


async def _require_some_sync(api: Polytomic, reference: str) -> None:
    """Refuse an id or name that neither a sync nor a bulk sync has, if both kinds can be listed."""
    operations = (SYNC.list, BULK_SYNC.list)
    try:
        syncs = [item for operation in operations for item in await every(api, operation)]
    except PolytomicError:
        return
    if not fitting_items(syncs, reference):
        step = NextStep(tool="sync_overview", arguments={}, reason="shows all syncs and bulk syncs")
        raise Refusal(f"No sync or bulk sync has the id or name {quoted(reference)}.", step)
