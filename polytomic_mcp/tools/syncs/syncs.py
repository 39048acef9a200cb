"""Syncs: the fields of models mapped to a target object."""

from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.catalogue.rules.modes import SYNC_MODES
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given, writable
from polytomic_mcp.tools.api_access.names import CONNECTION, SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion
from polytomic_mcp.tools.deletions.pipelines import confirm_sync, sync_deletion
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    DryRun,
    Fields,
    Limit,
    PageToken,
    Query,
    SyncId,
    TheCaller,
    in_any_case,
)
from polytomic_mcp.tools.framework.creation import Creation
from polytomic_mcp.tools.framework.requests import Changes, Clear, cleared
from polytomic_mcp.tools.syncs.drafts import draft_sync, shares_targets
from polytomic_mcp.tools.syncs.edits import Edits, check_lost_mappings
from polytomic_mcp.tools.syncs.requests import SyncRequest
from polytomic_mcp.tools.syncs.results import (
    Sync,
    dry_run_of,
    read_names,
    row_of,
    sync_of,
    with_target_names,
)
from polytomic_mcp.tools.syncs.updates import merged, sync_differences

_UPDATE: Final = "PUT /api/syncs/{id}"
_NOT_COMPARED: Final = frozenset({"updated_at", "updated_by", "encryption_passphrase"})


async def list_syncs(
    api: Api,
    query: Query = None,
    active: bool | None = None,
    mode: Annotated[
        Annotated[str, in_any_case(SYNC_MODES)] | None, Field(description="Only this mode")
    ] = None,
    target_connection_id: Annotated[str | None, Field(description="Only syncs into this connection")] = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List syncs: id, name, mode, active, target."""
    into = (await find(api, CONNECTION, target_connection_id))["id"] if target_connection_id else None
    page = await list_page(
        api,
        SYNC.list,
        row=row_of,
        query=query,
        fields=fields,
        limit=limit,
        page_token=page_token,
        **given(active=active, mode=mode, target_connection_id=into),
    )
    if mode is not None and not page.items and mode not in SYNC_MODES:
        raise ToolError(f"list_syncs: {unknown('mode', mode, SYNC_MODES)}")
    return await with_target_names(api, page)


async def get_sync(caller: TheCaller, sync_id: SyncId) -> Sync:
    """Get a sync: mappings, identity, filters, schedule, next run, problems."""
    stored = await find(caller.api, SYNC, sync_id)
    sync = sync_of(stored, await read_names(caller.api, stored), caller.date())
    if sync.problems:
        this = {"sync_id": sync.id}
        diagnosis = NextStep(tool="diagnose_sync", arguments=this, reason="explains how to fix them")
        sync.next_steps = [diagnosis, *(sync.next_steps or ())]
    return sync


async def create_sync(
    caller: TheCaller, request: SyncRequest, creation: Creation, dry_run: DryRun = False
) -> Sync:
    """Create a sync into a target object. Reports all problems at once, before anything is written.

    Call list_target_fields before, start_sync after. A Gong Engage flow requires an identity and no fields.
    """
    draft = await draft_sync(caller, request)
    await creation.check_name(caller.api, SYNC, request.name, draft)
    draft.suggest_instead("create_sync", **draft.body, **creation.given, **given(dry_run=dry_run or None))
    draft.refuse_if_wrong("create_sync")
    if dry_run:
        return dry_run_of(draft.body, draft.names, caller.date())
    created = await data_of(caller.api, "POST /api/syncs", headers=creation.headers, **draft.body)
    sync = sync_of({"schedule": draft.body["schedule"]} | created, draft.names, caller.date())
    start = NextStep(tool="start_sync", arguments={"sync_id": sync.id}, reason="runs it now")
    sync.next_steps = [*(sync.next_steps or ()), start]
    return sync


async def update_sync(
    caller: TheCaller,
    sync_id: SyncId,
    changes: Annotated[SyncRequest, Changes("create_sync")],
    edits: Edits,
    clear: Clear = None,
    dry_run: DryRun = False,
) -> Sync:
    """Update a sync. Omitted arguments are unchanged; a list replaces the whole list.

    A list that drops mappings is refused: use remove_fields. Returns what changed.
    """
    sent = {**changes.body(), **edits.body(), **given(clear=clear, dry_run=dry_run or None)}
    async with caller.updating:
        stored = await find(caller.api, SYNC, sync_id)
        before = writable(_UPDATE, stored)
        is_shared = bool(edits.add_fields) and await shares_targets(caller.api, stored)
        sync = merged(before, changes, edits, cleared(changes, clear), is_shared=is_shared)
        draft = await draft_sync(caller, sync, stored["id"], keeps_schedule=changes.schedule is None)
        check_lost_mappings(draft, before, {"sync_id": stored["id"], **sent})
        draft.suggest_instead("update_sync", sync_id=stored["id"], **sent)
        draft.refuse_if_wrong("update_sync")
        if dry_run:
            planned = dry_run_of(draft.body, draft.names, caller.date(), stored["id"])
            planned.changed = sync_differences(before, draft.body, {*before, *draft.body} - _NOT_COMPARED)
            return planned
        after = await data_of(caller.api, _UPDATE, id=stored["id"], **draft.body)
    updated = sync_of(after, draft.names, caller.date())
    updated.changed = sync_differences(stored, after, {*draft.body, *stored} - _NOT_COMPARED)
    return updated


async def delete_sync(
    api: Api,
    sync_id: SyncId,
    deletion: Annotated[Deletion, Resolve(sync_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirm_sync)],
    confirm_name: ConfirmName = None,
) -> Deleted:
    """Delete a sync and its history, after a person confirms. Rows it has written are kept."""
    del sync_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/syncs/{id}", lambda: sync_deletion(api, deletion.id)
    )
