"""Syncs: a model's fields mapped onto a target object, and run."""

from collections.abc import Iterator
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import nearest, quoted
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
from polytomic_mcp.tools.syncs.drafts import draft_sync
from polytomic_mcp.tools.syncs.requests import (
    MODES,
    Filters,
    Identities,
    Mappings,
    Mode,
    ModelFilters,
    OverrideFields,
    Overrides,
    TargetFilters,
    TheIdentity,
    TheSchedule,
    TheTarget,
    brief,
    request_body,
)
from polytomic_mcp.tools.syncs.updates import merged

_UPDATE: Final = "PUT /api/syncs/{id}"
_NOT_COMPARED: Final = frozenset({"updated_at", "updated_by", "encryption_passphrase"})

DryRun = Annotated[bool, Field(description="Check and show the request, write nothing")]


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
        """Return the API's own answer about the sync; of a dry run there is none."""
        places = {name: f"/data/{name}" for name in ("problems", "target")}
        return Source(SYNC.get, {"id": self.id}, places) if self.id else None


async def list_syncs(
    api: Api,
    query: Query = None,
    active: bool | None = None,
    mode: Annotated[str | None, Field(description="Only this mode")] = None,
    target_connection_id: Annotated[str | None, Field(description="Only into this connection")] = None,
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
        raise ToolError(
            f"list_syncs: {quoted(mode)} is no mode.{nearest(mode, MODES)} Modes: {', '.join(MODES)}."
        )
    return page


async def get_sync(api: Api, sync_id: SyncId) -> Sync:
    """Get a sync: mappings, identity, filters, schedule, problems."""
    sync = Sync.model_validate(await find(api, SYNC, sync_id))
    if sync.problems:
        why = NextStep(tool="diagnose_sync", arguments={"sync_id": sync.id}, reason="tells what to mend")
        sync.next_steps = [why]
    return sync


async def create_sync(
    api: Api,
    name: Name,
    mode: Mode,
    target: TheTarget,
    fields: Mappings = None,
    identity: TheIdentity = None,
    identities: Identities = None,
    schedule: TheSchedule = None,
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
    """Create a sync into a target object. Fields and mode are checked first: all problems come at once.

    list_target_fields before, start_sync after. A Gong Engage flow needs an identity, no fields.
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
        return _dry(draft.body)
    sync = Sync.model_validate(await data_of(api, "POST /api/syncs", **draft.body))
    sync.next_steps = list(_next_steps(sync, as_object(draft.body.get("schedule"))))
    return sync


async def update_sync(
    caller: TheCaller,
    sync_id: SyncId,
    name: NewName = None,
    mode: Annotated[str | None, brief("string")] = None,
    target: Annotated[TheTarget | None, brief("object")] = None,
    fields: Annotated[Mappings, brief("array")] = None,
    identity: Annotated[TheIdentity, brief("object")] = None,
    identities: Annotated[Identities, brief("object")] = None,
    schedule: Annotated[TheSchedule, brief("object")] = None,
    active: bool | None = None,
    model_filters: Annotated[ModelFilters, brief("object")] = None,
    target_filters: Annotated[TargetFilters, brief("object")] = None,
    filters: Annotated[Filters, brief("array")] = None,
    filter_logic: str | None = None,
    override_fields: Annotated[OverrideFields, brief("array")] = None,
    overrides: Annotated[Overrides, brief("array")] = None,
    sync_all_records: bool | None = None,
    skip_initial_backfill: bool | None = None,
    only_enrich_updates: bool | None = None,
    encryption_passphrase: str | None = None,
    policies: list[str] | None = None,
    dry_run: DryRun = False,
) -> Sync:
    """Change a sync; what is not given stays, a list given replaces the whole list. Answers what changed."""
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
            return _dry(draft.body)
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
    """Delete a sync and its history. A person is asked first. Rows it has written stay."""
    del sync_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/syncs/{id}", lambda: sync_deletion(api, deletion.id)
    )


def _next_steps(sync: Sync, schedule: JsonObject) -> Iterator[NextStep]:
    """Lead to the first run; where a schedule waits for somebody to switch it on, to that too."""
    here = {"sync_id": sync.id}
    if schedule.get("frequency") not in (None, "manual") and not sync.active:
        on = here | {"active": True}
        yield NextStep(tool="update_sync", arguments=on, reason="switches its schedule on: it is inactive")
    yield NextStep(tool="start_sync", arguments=here, reason="runs it now")


def _dry(body: JsonObject) -> Sync:
    """Show the request that would be sent, but for its secret."""
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
