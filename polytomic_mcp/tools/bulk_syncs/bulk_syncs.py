"""Bulk syncs: schemas of a source copied unchanged into a database, a warehouse or a bucket."""

from collections.abc import Iterator
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject, as_objects
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.drafts import draft_new, schedules_of
from polytomic_mcp.tools.bulk_syncs.requests import (
    AdditionalSchedules,
    BulkMode,
    BulkSyncId,
    Concurrency,
    Cutoff,
    DefaultSchedule,
    NewFields,
    NewObjects,
    NewSchedule,
    NewSchedules,
    NormalizeNames,
    NoTimestamps,
    OldSchedule,
    OldSchedules,
    SchemaChanges,
    Schemas,
    Setting,
)
from polytomic_mcp.tools.bulk_syncs.results import BulkSync, dry_run_of
from polytomic_mcp.tools.bulk_syncs.schedules import normalized_schedules
from polytomic_mcp.tools.bulk_syncs.schemas import stored_schema, stored_schemas
from polytomic_mcp.tools.bulk_syncs.updates import draft_update
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion
from polytomic_mcp.tools.deletions.pipelines import bulk_sync_deletion, confirm_bulk_sync
from polytomic_mcp.tools.framework.arguments import (
    Api,
    Configuration,
    ConfirmName,
    ConnectionId,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)
from polytomic_mcp.tools.framework.requests import request_body
from polytomic_mcp.tools.schemas.source_schemas import find_schema, when_ready

_CREATE: Final = "POST /api/bulk/syncs"

DryRun = Annotated[bool, Field(description="Check and show the requests; write nothing")]


async def list_bulk_syncs(
    api: Api,
    query: Query = None,
    active: bool | None = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
    fields: Fields = None,
) -> Page:
    """List bulk syncs: id, name, mode, active, both connections."""
    return await list_page(
        api,
        BULK_SYNC.list,
        row=_row,
        query=query,
        keep=lambda item: active is None or bool(item.get("active")) == active,
        fields=fields,
        limit=limit,
        page_token=page_token,
        **given(active=active),
    )


async def get_bulk_sync(
    api: Api,
    bulk_sync_id: BulkSyncId,
    schema_id: Annotated[
        str | None, Field(description="Also this schema's fields and filters: id or name")
    ] = None,
) -> BulkSync:
    """Get a bulk sync: connections, configuration, schedules, enabled schemas."""
    stored = await find(api, BULK_SYNC, bulk_sync_id)
    listed = await stored_schemas(api, stored["id"])
    sync = BulkSync.model_validate(stored)
    shown = None
    if schema_id is not None:
        shown = await stored_schema(api, stored["id"], find_schema(listed, schema_id)["id"])
    return sync.with_schemas(listed, shown)


async def create_bulk_sync(
    caller: TheCaller,
    context: Context[Caller],
    name: str,
    source_connection_id: ConnectionId,
    destination_connection_id: ConnectionId,
    destination_configuration: Annotated[
        Configuration | None, Field(description='Such as {"schema": "hubspot"}')
    ] = None,
    schemas: Schemas | None = None,
    mode: BulkMode | None = None,
    active: bool | None = None,
    default_schedule: DefaultSchedule | None = None,
    additional_schedules: AdditionalSchedules | None = None,
    schedule: OldSchedule | None = None,
    schedules: OldSchedules | None = None,
    source_configuration: Annotated[
        Configuration | None, Field(description="Such as replication_slot; rarely needed")
    ] = None,
    automatically_add_new_objects: NewObjects | None = None,
    automatically_add_new_fields: NewFields | None = None,
    normalize_names: NormalizeNames | None = None,
    data_cutoff_timestamp: Cutoff | None = None,
    disable_record_timestamps: NoTimestamps | None = None,
    concurrency_limit: Concurrency | None = None,
    resync_concurrency_limit: Concurrency | None = None,
    policies: list[str] | None = None,
    organization_id: str | None = None,
    dry_run: DryRun = False,
) -> BulkSync:
    """Copy schemas of a source into a destination. Reports all problems at once, before anything is written.

    Call list_source_schemas before, start_bulk_sync after.
    """
    body = normalized_schedules(
        request_body(
            name=name,
            source_connection_id=source_connection_id,
            destination_connection_id=destination_connection_id,
            destination_configuration=destination_configuration,
            schemas=schemas and [_with_enabled(schema.body()) for schema in schemas],
            mode=mode,
            active=active,
            default_schedule=default_schedule,
            additional_schedules=additional_schedules,
            schedule=schedule,
            schedules=schedules,
            source_configuration=source_configuration,
            automatically_add_new_objects=automatically_add_new_objects,
            automatically_add_new_fields=automatically_add_new_fields,
            normalize_names=normalize_names,
            data_cutoff_timestamp=data_cutoff_timestamp,
            disable_record_timestamps=disable_record_timestamps,
            concurrency_limit=concurrency_limit,
            resync_concurrency_limit=resync_concurrency_limit,
            policies=policies,
            organization_id=organization_id,
        )
    )
    draft = await draft_new(caller, context, body)
    draft.refuse_if_wrong("create_bulk_sync")
    if dry_run:
        return dry_run_of(caller.api, {_CREATE: draft.body})
    source_id = draft.body["source_connection_id"]
    created = await when_ready(caller, context, source_id, lambda: data_of(caller.api, _CREATE, **draft.body))
    sync = BulkSync.model_validate(created)
    sync.next_steps = list(_next_steps(sync, draft.body))
    return sync


async def update_bulk_sync(
    caller: TheCaller,
    bulk_sync_id: BulkSyncId,
    name: str | None = None,
    source_connection_id: ConnectionId | None = None,
    destination_connection_id: ConnectionId | None = None,
    destination_configuration: Annotated[Configuration | None, Field(description="Keys to change")] = None,
    schemas: SchemaChanges | None = None,
    only_schemas: Annotated[bool, Field(description="Disable all others")] = False,
    mode: Setting | None = None,
    active: bool | None = None,
    default_schedule: NewSchedule | None = None,
    additional_schedules: NewSchedules | None = None,
    schedule: NewSchedule | None = None,
    schedules: NewSchedules | None = None,
    source_configuration: Annotated[Configuration | None, Field(description="Keys to change")] = None,
    automatically_add_new_objects: Setting | None = None,
    automatically_add_new_fields: Setting | None = None,
    normalize_names: Setting | None = None,
    data_cutoff_timestamp: Setting | None = None,
    disable_record_timestamps: NoTimestamps | None = None,
    concurrency_limit: Concurrency | None = None,
    resync_concurrency_limit: Concurrency | None = None,
    policies: list[str] | None = None,
    dry_run: DryRun = False,
) -> BulkSync:
    """Update a bulk sync. Omitted arguments are unchanged. Returns what changed.

    (default_)schedule replaces only the default; schedules, all. "", 0 and [] clear.
    """
    changed = normalized_schedules(
        request_body(
            name=name,
            source_connection_id=source_connection_id,
            destination_connection_id=destination_connection_id,
            destination_configuration=destination_configuration,
            mode=mode,
            active=active,
            default_schedule=default_schedule,
            additional_schedules=additional_schedules,
            schedule=schedule,
            schedules=schedules,
            source_configuration=source_configuration,
            automatically_add_new_objects=automatically_add_new_objects,
            automatically_add_new_fields=automatically_add_new_fields,
            normalize_names=normalize_names,
            data_cutoff_timestamp=data_cutoff_timestamp,
            disable_record_timestamps=disable_record_timestamps,
            concurrency_limit=concurrency_limit,
            resync_concurrency_limit=resync_concurrency_limit,
            policies=policies,
        )
    )
    requested = [schema.body() for schema in schemas or []]
    async with caller.updating:
        stored = await find(caller.api, BULK_SYNC, bulk_sync_id)
        update = await draft_update(caller.api, stored, changed, requested, disable_others=only_schemas)
        update.draft.refuse_if_wrong("update_bulk_sync")
        if dry_run:
            return dry_run_of(caller.api, update.requests)
        after, differences = await update.write(caller.api)
    sync = BulkSync.model_validate(after)
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


def _next_steps(sync: BulkSync, body: JsonObject) -> Iterator[NextStep]:
    """Suggest the first run and, if it has a schedule but is inactive, switching it on."""
    this = {"bulk_sync_id": sync.id}
    is_scheduled = any(each.get("frequency") not in (None, "manual") for each in schedules_of(body))
    if is_scheduled and not sync.active:
        active = this | {"active": True}
        reason = "switches its schedule on: the bulk sync is inactive"
        yield NextStep(tool="update_bulk_sync", arguments=active, reason=reason)
    yield NextStep(tool="start_bulk_sync", arguments=this, reason="runs it now")


def _with_enabled(schema: JsonObject) -> JsonObject:
    """Return a schema that is enabled, as are its fields, unless it says otherwise."""
    enabled = {"enabled": True} | schema
    if "fields" in enabled:
        enabled["fields"] = [{"enabled": True} | field for field in as_objects(enabled["fields"])]
    return enabled


def _row(item: JsonObject) -> JsonObject:
    names = ("id", "name", "mode", "active", "source_connection_id", "destination_connection_id")
    return {name: item.get(name) for name in names}
