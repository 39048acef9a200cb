"""Syncs: the fields of models mapped to a target object."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.catalogue.rules.modes import SYNC_MODES
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.tools.answers.results import DATA, MASK, Change, Deleted, NextStep, Page, Result, Source
from polytomic_mcp.tools.answers.schedules import next_run, with_next_run
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import differences, given, writable
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
from polytomic_mcp.tools.syncs.drafts import draft_sync
from polytomic_mcp.tools.syncs.requests import SyncRequest
from polytomic_mcp.tools.syncs.updates import merged

_UPDATE: Final = "PUT /api/syncs/{id}"
_NOT_COMPARED: Final = frozenset({"updated_at", "updated_by", "encryption_passphrase"})


class Sync(Result):
    """A sync; or, after a dry run, the request that would be sent."""

    id: str | None = None
    name: str | None = None
    mode: str | None = None
    active: bool | None = None
    next_run: Annotated[str | None, Field(description="UTC, or what it waits for")] = None
    target: JsonObject | None = None
    changed: dict[str, Change] | None = None
    problems: list[JsonObject] | None = None
    dry_run: bool | None = None
    request: Annotated[JsonObject | None, DATA] = None

    def source(self) -> Source | None:
        """Return where the API answers the sync; None after a dry run."""
        pointers = {name: f"/data/{name}" for name in ("problems", "target")}
        return Source(SYNC.get, {"id": self.id}, pointers) if self.id else None


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
        row=_row,
        query=query,
        fields=fields,
        limit=limit,
        page_token=page_token,
        **given(active=active, mode=mode, target_connection_id=into),
    )
    if mode is not None and not page.items and mode not in SYNC_MODES:
        raise ToolError(f"list_syncs: {unknown('mode', mode, SYNC_MODES)}")
    return page


async def get_sync(caller: TheCaller, sync_id: SyncId) -> Sync:
    """Get a sync: mappings, identity, filters, schedule, next run, problems."""
    sync = _sync(await find(caller.api, SYNC, sync_id), caller.date())
    if sync.problems:
        diagnosis = NextStep(
            tool="diagnose_sync", arguments={"sync_id": sync.id}, reason="explains how to fix them"
        )
        sync.next_steps = [diagnosis]
    return sync


async def create_sync(
    caller: TheCaller, request: SyncRequest, creation: Creation, dry_run: DryRun = False
) -> Sync:
    """Create a sync into a target object. Reports all problems at once, before anything is written.

    Call list_target_fields before, start_sync after. A Gong Engage flow requires an identity and no fields.
    """
    draft = await draft_sync(caller, request)
    await creation.check_name(caller.api, SYNC, request.name, draft)
    draft.refuse_if_wrong("create_sync")
    if dry_run:
        return _dry_run_of(draft.body, caller.date())
    created = await data_of(caller.api, "POST /api/syncs", headers=creation.headers, **draft.body)
    sync = _sync(created, caller.date())
    sync.next_steps = list(_next_steps(sync, draft.body["schedule"]))
    return sync


async def update_sync(
    caller: TheCaller,
    sync_id: SyncId,
    changes: Annotated[SyncRequest, Changes("create_sync")],
    clear: Clear = None,
    dry_run: DryRun = False,
) -> Sync:
    """Update a sync. Omitted arguments are unchanged; a list replaces the whole list.

    Returns what changed.
    """
    async with caller.updating:
        stored = await find(caller.api, SYNC, sync_id)
        draft = await draft_sync(
            caller,
            merged(writable(_UPDATE, stored), changes, cleared(changes, clear)),
            stored["id"],
            keeps_schedule=changes.schedule is None,
        )
        draft.refuse_if_wrong("update_sync")
        if dry_run:
            return _dry_run_of(draft.body, caller.date())
        after = await data_of(caller.api, _UPDATE, id=stored["id"], **draft.body)
    sync = _sync(after, caller.date())
    sync.changed = differences(stored, after, {*draft.body, *stored} - _NOT_COMPARED)
    return sync


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


def _sync(answer: JsonObject, now: datetime) -> Sync:
    schedules = as_objects([answer.get("schedule")])
    return Sync.model_validate(with_next_run(answer, schedules, now) if schedules else answer)


def _next_steps(sync: Sync, schedule: JsonObject) -> Iterator[NextStep]:
    """Suggest the first run and, if the sync has a schedule but is inactive, switching it on."""
    this = {"sync_id": sync.id}
    if schedule.get("frequency") not in (None, "manual") and not sync.active:
        active = this | {"active": True}
        reason = "switches its schedule on: the sync is inactive"
        yield NextStep(tool="update_sync", arguments=active, reason=reason)
    yield NextStep(tool="start_sync", arguments=this, reason="runs it now")


def _dry_run_of(body: JsonObject, now: datetime) -> Sync:
    """Return the request that would be sent, with its secret masked."""
    secret = {"encryption_passphrase": MASK} if "encryption_passphrase" in body else {}
    due = next_run([body["schedule"]], now, is_active=bool(body.get("active")))
    return Sync(dry_run=True, request=body | secret, next_run=due)


def _row(item: JsonObject) -> JsonObject:
    target = as_object(item.get("target"))
    return {
        "id": item["id"],
        "name": item.get("name"),
        "mode": item.get("mode"),
        "active": item.get("active"),
        "target_connection_id": item.get("target_connection_id") or target.get("connection_id"),
        "target_object": item.get("target_object") or target.get("object"),
    }
