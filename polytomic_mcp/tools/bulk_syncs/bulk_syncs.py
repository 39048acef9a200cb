"""Bulk syncs: schemas of a source copied unchanged into a database, a warehouse or a bucket."""

from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page
from polytomic_mcp.tools.answers.schedules import in_a_row
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.connection_names import connection_names, with_names
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.drafts import draft_new
from polytomic_mcp.tools.bulk_syncs.requests import BulkSyncId, BulkSyncRequest
from polytomic_mcp.tools.bulk_syncs.results import BulkSync, bulk_sync_of, dry_run_of
from polytomic_mcp.tools.bulk_syncs.schedules import schedules_of, stored_schedules
from polytomic_mcp.tools.bulk_syncs.schemas import stored_schema, stored_schemas
from polytomic_mcp.tools.bulk_syncs.updates import draft_update
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion
from polytomic_mcp.tools.deletions.pipelines import bulk_sync_deletion, confirm_bulk_sync
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    DryRun,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)
from polytomic_mcp.tools.framework.creation import Creation
from polytomic_mcp.tools.framework.requests import Changes, Clear, cleared
from polytomic_mcp.tools.schemas.source_schemas import find_schema, when_ready

_CREATE: Final = "POST /api/bulk/syncs"


async def list_bulk_syncs(
    api: Api,
    query: Query = None,
    active: bool | None = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
    fields: Fields = None,
) -> Page:
    """List bulk syncs: id, name, mode, active, both connections."""
    names = await connection_names(api)
    return await list_page(
        api,
        BULK_SYNC.list,
        row=lambda item: with_names(_row(item), names),
        query=query,
        keep=lambda item: active is None or bool(item.get("active")) == active,
        fields=fields,
        limit=limit,
        page_token=page_token,
        **given(active=active),
    )


async def get_bulk_sync(
    caller: TheCaller,
    bulk_sync_id: BulkSyncId,
    schema_id: Annotated[
        str | None, Field(description="Also this schema's fields and filters: id or name")
    ] = None,
) -> BulkSync:
    """Get a bulk sync: connections, configuration, schedules, next run, enabled schemas."""
    stored = await find(caller.api, BULK_SYNC, bulk_sync_id)
    listed = await stored_schemas(caller.api, stored["id"])
    named = with_names(stored, await connection_names(caller.api))
    sync = bulk_sync_of(named, caller.date())
    shown = None
    if schema_id is not None:
        shown = await stored_schema(caller.api, stored["id"], find_schema(listed, schema_id)["id"])
    return sync.with_schemas(listed, shown)


async def create_bulk_sync(
    caller: TheCaller,
    context: Context[Caller],
    request: BulkSyncRequest,
    creation: Creation,
    dry_run: DryRun = False,
) -> BulkSync:
    """Copy schemas of a source into a destination. Reports all problems at once, before anything is written.

    Call list_source_schemas before, start_bulk_sync after.
    """
    draft = await draft_new(caller, context, request)
    await creation.check_name(caller.api, BULK_SYNC, request.name, draft)
    draft.refuse_if_wrong("create_bulk_sync")
    if dry_run:
        return dry_run_of(caller.api, {_CREATE: draft.body}, draft.body, caller.date())
    created = await when_ready(
        caller,
        context,
        draft.body["source_connection_id"],
        lambda: data_of(caller.api, _CREATE, headers=creation.headers, **draft.body),
    )
    sync = bulk_sync_of(created, caller.date())
    start = NextStep(tool="start_bulk_sync", arguments={"bulk_sync_id": sync.id}, reason="runs it now")
    sync.next_steps = [*(sync.next_steps or ()), start]
    return sync


async def update_bulk_sync(
    caller: TheCaller,
    bulk_sync_id: BulkSyncId,
    changes: Annotated[BulkSyncRequest, Changes("create_bulk_sync")],
    only_schemas: Annotated[bool, Field(description="Disable all others")] = False,
    clear: Clear = None,
    dry_run: DryRun = False,
) -> BulkSync:
    """Update a bulk sync. Omitted arguments are unchanged. Returns what changed.

    Schemas and fields are merged by id, configurations by key. schedules replaces all.
    """
    names = cleared(changes, clear)
    async with caller.updating:
        stored = await find(caller.api, BULK_SYNC, bulk_sync_id)
        update = await draft_update(caller, stored, changes, names, disable_others=only_schemas)
        update.draft.refuse_if_wrong("update_bulk_sync")
        if dry_run:
            return dry_run_of(
                caller.api, update.requests, update.draft.body, caller.date(), bulk_sync_id=stored["id"]
            )
        after, differences = await update.write(caller.api)
    sync = bulk_sync_of(after, caller.date())
    sync.changed = differences
    return sync


async def delete_bulk_sync(
    api: Api,
    bulk_sync_id: BulkSyncId,
    deletion: Annotated[Deletion, Resolve(bulk_sync_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirm_bulk_sync)],
    confirm_name: ConfirmName = None,
) -> Deleted:
    """Delete a bulk sync and its history, after a person confirms. Rows it has written are kept."""
    del bulk_sync_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/bulk/syncs/{id}", lambda: bulk_sync_deletion(api, deletion.id)
    )


def _row(item: JsonObject) -> JsonObject:
    names = ("id", "name", "mode", "active", "source_connection_id", "destination_connection_id")
    schedule = in_a_row(schedules_of(stored_schedules(item)), is_active=bool(item.get("active")))
    return {name: item.get(name) for name in names} | given(schedule=schedule)
