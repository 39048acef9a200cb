"""Models: a query or a table of a connection, with the fields that syncs can map."""

from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page, Result, Source
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.connection_names import connection_names, with_names
from polytomic_mcp.tools.api_access.jobs import settled
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given, writable
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, find, is_id, names_by_id
from polytomic_mcp.tools.api_access.responses import expected
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion
from polytomic_mcp.tools.deletions.pipelines import confirm_model, model_deletion
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    Fields,
    Limit,
    ModelId,
    PageToken,
    Query,
    TheCaller,
)
from polytomic_mcp.tools.framework.creation import Creation
from polytomic_mcp.tools.framework.references import References, resolve_names
from polytomic_mcp.tools.framework.requests import Changes, Clear, Draft, cleared
from polytomic_mcp.tools.models.column_changes import ColumnChange, model_changes
from polytomic_mcp.tools.models.previews import NO_ROWS, has_no_rows
from polytomic_mcp.tools.models.requests import ModelRequest
from polytomic_mcp.tools.models.sources import check_source, source_problems

_UPDATE: Final = "PUT /api/models/{id}"


class Model(Result):
    """A model and its fields."""

    broken: Annotated[list[str] | None, Field(description="What misses columns now")] = None
    id: str
    name: str | None = None
    connection_id: str | None = None
    configuration: JsonObject | None = None
    fields: list[JsonObject] | None = None
    note: str | None = None
    changed: JsonObject | None = None

    def source(self) -> Source:
        """Return where the API answers the model."""
        return Source(
            MODEL.get, {"id": self.id}, {name: f"/data/{name}" for name in ("configuration", "fields")}
        )


async def list_models(
    api: Api,
    query: Query = None,
    connection_id: Annotated[str | None, Field(description="Only models of this connection")] = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List models: id, name, type, connection."""
    over = (await find(api, CONNECTION, connection_id))["id"] if connection_id else None
    names = await connection_names(api)
    return await list_page(
        api,
        MODEL.list,
        row=lambda item: with_names(_row(item), names),
        query=query,
        keep=lambda item: over is None or item.get("connection_id") == over,
        fields=fields,
        limit=limit,
        page_token=page_token,
    )


async def get_model(api: Api, model_id: ModelId) -> Model:
    """Get a model with its configuration and fields."""
    model = with_names(await find(api, MODEL, model_id), await connection_names(api))
    return _model(await _with_related_names(api, model))


async def create_model(
    caller: TheCaller, context: Context[Caller], request: ModelRequest, creation: Creation
) -> Model:
    """Create a model of a connection's data: a SQL query or a table. Returns its fields, for create_sync."""
    references = References(caller.api, whole=frozenset({CONNECTION}))
    await references.resolve(request)
    draft = Draft({})
    references.report(draft)
    if is_id(request.connection_id):
        draft.problems += await source_problems(caller.api, request.connection_id, request.configuration)
    await creation.check_name(caller.api, MODEL, request.name, draft)
    draft.refuse_if_wrong("create_model")
    answer = await caller.api.call("POST /api/models", headers=creation.headers, **request.body())
    model = _model(expected("POST /api/models", await settled(answer, caller, context)))
    rows = NextStep(tool="preview_model", arguments={"model_id": model.id}, reason="shows its first rows")
    model.next_steps = [rows]
    if await has_no_rows(caller.api, model.id):
        model.note = NO_ROWS
    return model


async def update_model(
    caller: TheCaller,
    context: Context[Caller],
    model_id: ModelId,
    changes: Annotated[ModelRequest, Changes("create_model")],
    refresh: Annotated[bool | None, Field(description="Reload the columns")] = None,
    clear: Clear = None,
    allow_breaking: Annotated[bool, Field(description="Even if syncs use columns that disappear")] = False,
) -> Model:
    """Update a model. Omitted arguments are unchanged; [] clears a list. Returns what changed."""
    reset = cleared(changes, clear)
    await resolve_names(caller.api, changes)
    changed = changes.body()
    if "configuration" in changed and "fields" not in changed:
        reset.append("fields")  # another query has other columns; without a list the API includes them all
    async with caller.updating:
        stored = await find(caller.api, MODEL, model_id)
        await check_source(
            caller.api, "update_model", str(stored.get("connection_id")), changed.get("configuration")
        )
        body = _writable(stored) | changed | given(refresh=refresh)
        columns = ColumnChange(caller, context, stored, {*changed, *reset, *given(refresh=refresh)})
        kept = {name: part for name, part in body.items() if name not in reset}
        if refresh and "fields" not in columns.arguments and await columns.are_gone_from_source(kept):
            del kept[
                "fields"
            ]  # the list would be refused; what reads a column that is gone is broken already
        elif not allow_breaking:
            await columns.refuse_if_used(kept)
        answer = await caller.api.call(_UPDATE, id=stored["id"], **kept)
        after = expected(_UPDATE, await settled(answer, caller, context))
    model = _model(after)
    model.changed = model_changes(stored, after, {*body} - {"refresh"})
    model.broken = await columns.broken_by(after)
    if "configuration" in changed and await has_no_rows(caller.api, model.id):
        model.note = NO_ROWS
    model.next_steps = _trace(model.id) if "fields" in model.changed else None
    return model


async def delete_model(
    api: Api,
    model_id: ModelId,
    deletion: Annotated[Deletion, Resolve(model_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirm_model)],
    confirm_name: ConfirmName = None,
) -> Deleted:
    """Delete a model, after a person sees which syncs break and confirms."""
    del model_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/models/{id}", lambda: model_deletion(api, deletion.id)
    )


async def _with_related_names(api: Polytomic, model: JsonObject) -> JsonObject:
    """Return a model with the name of the other model in each relation, as far as they can be listed."""
    relations = as_objects(model.get("relations"))
    if not relations:
        return model
    names = await names_by_id(api, MODEL)
    for end in (as_object(relation.get("to")) for relation in relations):
        end.update(given(model_name=names.get(str(end.get("model_id")))))
    return model


def _trace(model_id: str) -> list[NextStep]:
    this = {"model_id": model_id}
    return [NextStep(tool="trace_lineage", arguments=this, reason="shows which syncs read it")]


def _writable(stored: JsonObject) -> JsonObject:
    """Return the stored model as the PUT requires it: fields and labels by name, custom fields separately."""
    body = writable(_UPDATE, stored)
    if labels := as_list(stored.get("labels")):
        body["labels"] = [as_object(label).get("name", label) for label in labels]
    fields = _fields(stored)
    body["fields"] = [field.get("name") for field in fields if not field.get("user_added")]
    if added := [field for field in fields if field.get("user_added")]:
        kept = ("name", "label", "type", "example")
        body["additional_fields"] = [given(**{key: field.get(key) for key in kept}) for field in added]
    return body


def _fields(model: JsonObject | None) -> list[JsonObject]:
    return as_objects(as_object(model).get("fields"))


def _row(item: JsonObject) -> JsonObject:
    row = {name: item.get(name) for name in ("id", "name", "type", "connection_id")}
    return row | {"fields": len(_fields(item))}


def _model(item: JsonObject) -> Model:
    return Model.model_validate(item)
