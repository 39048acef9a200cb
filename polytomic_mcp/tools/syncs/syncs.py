"""Syncs: the fields of models mapped to a target object."""

from collections.abc import Iterator
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.tools.answers.results import MASK, Change, Deleted, NextStep, Page, Result, Source
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import changes, given, writable
from polytomic_mcp.tools.api_access.names import CONNECTION, SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion
from polytomic_mcp.tools.deletions.pipelines import confirm_sync, sync_deletion
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    Fields,
    Limit,
    Name,
    NewName,
    PageToken,
    Query,
    SyncId,
    TheCaller,
)
from polytomic_mcp.tools.framework.requests import request_body
from polytomic_mcp.tools.syncs.drafts import draft_sync
from polytomic_mcp.tools.syncs.requests import (
    MODES,
    Filters,
    Identities,
    IdentityArgument,
    Mappings,
    Mode,
    ModelFilters,
    OverrideFields,
    Overrides,
    ScheduleArgument,
    TargetArgument,
    TargetFilters,
    as_in_create,
)
from polytomic_mcp.tools.syncs.updates import merged

_UPDATE: Final = "PUT /api/syncs/{id}"
_NOT_COMPARED: Final = frozenset({"updated_at", "updated_by", "encryption_passphrase"})

DryRun = Annotated[bool, Field(description="Check and show the request; write nothing")]


class Sync(Result):
    """A sync; or, after a dry run, the request that would be sent."""

    id: str | None = None
    name: str | None = None
    mode: str | None = None
    active: bool | None = None
    target: JsonObject | None = None
    changed: dict[str, Change] | None = None
    problems: list[JsonObject] | None = None
    dry_run: bool | None = None
    request: JsonObject | None = None

    def source(self) -> Source | None:
        """Return where the API answers the sync; None after a dry run."""
        pointers = {name: f"/data/{name}" for name in ("problems", "target")}
        return Source(SYNC.get, {"id": self.id}, pointers) if self.id else None


async def list_syncs(
    api: Api,
    query: Query = None,
    active: bool | None = None,
    mode: Annotated[str | None, Field(description="Only this mode")] = None,
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
    if mode is not None and not page.items and mode not in MODES:
        raise ToolError(f"list_syncs: {unknown('mode', mode, MODES)}")
    return page


async def get_sync(api: Api, sync_id: SyncId) -> Sync:
    """Get a sync: mappings, identity, filters, schedule, problems."""
    sync = Sync.model_validate(await find(api, SYNC, sync_id))
    if sync.problems:
        diagnosis = NextStep(
            tool="diagnose_sync", arguments={"sync_id": sync.id}, reason="explains how to fix them"
        )
        sync.next_steps = [diagnosis]
    return sync


async def create_sync(
    api: Api,
    name: Name,
    mode: Mode,
    target: TargetArgument,
    fields: Mappings = None,
    identity: IdentityArgument = None,
    identities: Identities = None,
    schedule: ScheduleArgument = None,
    active: bool | None = None,
    model_filters: ModelFilters = None,
    target_filters: TargetFilters = None,
    filters: Filters = None,
    filter_logic: str | None = None,
    override_fields: OverrideFields = None,
    overrides: Overrides = None,
    sync_all_records: bool | None = None,
    skip_initial_backfill: bool | None = None,
    only_enrich_updates: bool | None = None,
    encryption_passphrase: str | None = None,
    policies: list[str] | None = None,
    organization_id: str | None = None,
    dry_run: DryRun = False,
) -> Sync:
    """Create a sync into a target object. Reports all mapping problems at once, before anything is written.

    Call list_target_fields before, start_sync after. A Gong Engage flow requires an identity and no fields.
    """
    body = request_body(
        name=name,
        mode=mode,
        target=target,
        fields=fields,
        identity=identity,
        identities=identities,
        schedule=schedule,
        active=active,
        model_filters=model_filters,
        target_filters=target_filters,
        filters=filters,
        filter_logic=filter_logic,
        override_fields=override_fields,
        overrides=overrides,
        sync_all_records=sync_all_records,
        skip_initial_backfill=skip_initial_backfill,
        only_enrich_updates=only_enrich_updates,
        encryption_passphrase=encryption_passphrase,
        policies=policies,
        organization_id=organization_id,
    )
    draft = await draft_sync(api, body)
    draft.refuse_if_wrong("create_sync")
    if dry_run:
        return _dry_run_of(draft.body)
    sync = Sync.model_validate(await data_of(api, "POST /api/syncs", **draft.body))
    sync.next_steps = list(_next_steps(sync, as_object(draft.body.get("schedule"))))
    return sync


async def update_sync(
    caller: TheCaller,
    sync_id: SyncId,
    name: NewName = None,
    mode: Annotated[str | None, as_in_create("string")] = None,
    target: Annotated[TargetArgument | None, as_in_create("object")] = None,
    fields: Annotated[Mappings, as_in_create("array")] = None,
    identity: Annotated[IdentityArgument, as_in_create("object")] = None,
    identities: Annotated[Identities, as_in_create("object")] = None,
    schedule: Annotated[ScheduleArgument, as_in_create("object")] = None,
    active: bool | None = None,
    model_filters: Annotated[ModelFilters, as_in_create("object")] = None,
    target_filters: Annotated[TargetFilters, as_in_create("object")] = None,
    filters: Annotated[Filters, as_in_create("array")] = None,
    filter_logic: str | None = None,
    override_fields: Annotated[OverrideFields, as_in_create("array")] = None,
    overrides: Annotated[Overrides, as_in_create("array")] = None,
    sync_all_records: bool | None = None,
    skip_initial_backfill: bool | None = None,
    only_enrich_updates: bool | None = None,
    encryption_passphrase: str | None = None,
    policies: list[str] | None = None,
    dry_run: DryRun = False,
) -> Sync:
    """Update a sync. Omitted arguments are unchanged; a list replaces the whole list.

    Returns what changed.
    """
    changed = request_body(
        name=name,
        mode=mode,
        target=target,
        fields=fields,
        identity=identity,
        identities=identities,
        schedule=schedule,
        active=active,
        model_filters=model_filters,
        target_filters=target_filters,
        filters=filters,
        filter_logic=filter_logic,
        override_fields=override_fields,
        overrides=overrides,
        sync_all_records=sync_all_records,
        skip_initial_backfill=skip_initial_backfill,
        only_enrich_updates=only_enrich_updates,
        encryption_passphrase=encryption_passphrase,
        policies=policies,
    )
    async with caller.updating:
        stored = await find(caller.api, SYNC, sync_id)
        draft = await draft_sync(caller.api, merged(writable(_UPDATE, stored), changed))
        draft.refuse_if_wrong("update_sync")
        if dry_run:
            return _dry_run_of(draft.body)
        after = await data_of(caller.api, _UPDATE, id=stored["id"], **draft.body)
    sync = Sync.model_validate(after)
    sync.changed = changes(stored, after, {*draft.body, *stored} - _NOT_COMPARED)
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


def _next_steps(sync: Sync, schedule: JsonObject) -> Iterator[NextStep]:
    """Suggest the first run and, if the sync has a schedule but is inactive, switching it on."""
    this = {"sync_id": sync.id}
    if schedule.get("frequency") not in (None, "manual") and not sync.active:
        active = this | {"active": True}
        reason = "switches its schedule on: the sync is inactive"
        yield NextStep(tool="update_sync", arguments=active, reason=reason)
    yield NextStep(tool="start_sync", arguments=this, reason="runs it now")


def _dry_run_of(body: JsonObject) -> Sync:
    """Return the request that would be sent, with its secret masked."""
    secret = {"encryption_passphrase": MASK} if "encryption_passphrase" in body else {}
    return Sync(dry_run=True, request=body | secret)


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
