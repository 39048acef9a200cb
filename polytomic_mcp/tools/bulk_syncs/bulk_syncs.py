"""Bulk syncs: schemas of a source copied as they are into a database, a warehouse or a bucket."""

from collections.abc import Iterator
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.drafts import draft_new
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
from polytomic_mcp.tools.bulk_syncs.schedules import without_old_schedules
from polytomic_mcp.tools.bulk_syncs.selections import stored_schema, stored_schemas
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
from polytomic_mcp.tools.schemas.source_schemas import find_schema, when_ready
from polytomic_mcp.tools.syncs.requests import request_body

_CREATE: Final = "POST /api/bulk/syncs"

DryRun = Annotated[bool, Field(description="Check all, show the requests, write nothing")]


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
    """Get a bulk sync: connections, configuration, schedules, which schemas are on."""
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
        Configuration | None, Field(description="Such as replication_slot; most need none")
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
    """Copy schemas of a source into a destination. All is checked first: all problems come at once.

    list_source_schemas before, start_bulk_sync after.
    """
    body = without_old_schedules(
        request_body(
            name=name,
            source_connection_id=source_connection_id,
            destination_connection_id=destination_connection_id,
            destination_configuration=destination_configuration,
            schemas=schemas and [_enabled(schema.body()) for schema in schemas],
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
    only_schemas: Annotated[bool, Field(description="Turn others off")] = False,
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
    """Change a bulk sync; what is not given stays. Answers what changed.

    (default_)schedule replaces the default alone; schedules all. "", 0 and [] clear.
    """
    changed = without_old_schedules(
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
    wanted = [schema.body() for schema in schemas or []]
    async with caller.updating:
        stored = await find(caller.api, BULK_SYNC, bulk_sync_id)
        update = await draft_update(caller.api, stored, changed, wanted, is_whole=only_schemas)
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
    """Delete a bulk sync and its history. A person is asked first. Rows it has written stay."""
    del bulk_sync_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/bulk/syncs/{id}", lambda: bulk_sync_deletion(api, deletion.id)
    )


def _next_steps(sync: BulkSync, body: JsonObject) -> Iterator[NextStep]:
    """Lead to the first run; where a schedule waits for somebody to switch it on, to that too."""
    here = {"bulk_sync_id": sync.id}
    schedules = [as_object(body.get("default_schedule")), *as_objects(body.get("additional_schedules"))]
    if not sync.active and any(each.get("frequency") not in (None, "manual") for each in schedules):
        on = here | {"active": True}
        yield NextStep(
            tool="update_bulk_sync", arguments=on, reason="Switch its schedule on: it is inactive."
        )
    yield NextStep(tool="start_bulk_sync", arguments=here, reason="Run it.")


def _enabled(schema: JsonObject) -> JsonObject:
    """Say of a schema, and of each of its fields, what naming them means."""
    on = {"enabled": True} | schema
    if "fields" in on:
        on["fields"] = [{"enabled": True} | field for field in as_objects(on["fields"])]
    return on


def _row(item: JsonObject) -> JsonObject:
    names = ("id", "name", "mode", "active", "source_connection_id", "destination_connection_id")
    return {name: item.get(name) for name in names}
