"""Models: a query or a table of a connection, with the fields that syncs can map."""

from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.answers.results import DATA, Answer, Change, Deleted, NextStep, Page, Result, Source
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.jobs import settled
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import differences, given, writable
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, find, is_id
from polytomic_mcp.tools.api_access.responses import expected, objects_in
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
from polytomic_mcp.tools.models.requests import ModelConfiguration, ModelRequest
from polytomic_mcp.tools.models.sources import source_problems

_PREVIEW: Final = "POST /api/model-preview"
_SAMPLE: Final = "GET /api/models/{id}/sample"
_UPDATE: Final = "PUT /api/models/{id}"


class Model(Result):
    """A model and its fields."""

    id: str
    name: str | None = None
    connection_id: str | None = None
    configuration: JsonObject | None = None
    fields: list[JsonObject] | None = None
    changed: dict[str, Change] | None = None

    def source(self) -> Source:
        """Return where the API answers the model."""
        return Source(
            MODEL.get, {"id": self.id}, {name: f"/data/{name}" for name in ("configuration", "fields")}
        )


class Preview(Answer):
    """Fields and, for a stored model, sample rows."""

    fields: Annotated[list[JsonObject], Field(default_factory=list)]
    rows: Annotated[list[JsonObject] | None, DATA] = None


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
    return await list_page(
        api,
        MODEL.list,
        row=_row,
        query=query,
        keep=lambda item: over is None or item.get("connection_id") == over,
        fields=fields,
        limit=limit,
        page_token=page_token,
    )


async def get_model(api: Api, model_id: ModelId) -> Model:
    """Get a model with its configuration and fields."""
    return _model(await find(api, MODEL, model_id))


async def preview_model(
    caller: TheCaller,
    context: Context[Caller],
    model_id: Annotated[str | None, Field(description="Model: id or exact name")] = None,
    connection_id: Annotated[str | None, Field(description="Connection: id or exact name")] = None,
    configuration: ModelConfiguration | None = None,
    limit: Limit = 10,
) -> Preview:
    """Show a stored model's rows, or the fields of a new configuration. Stores nothing."""
    api = caller.api
    if model_id is not None and (connection_id is not None or configuration is not None):
        raise ToolError("preview_model: Send either model_id, or connection_id and configuration, not both.")
    if model_id is not None:
        model = await find(api, MODEL, model_id)
        answer = await api.call(_SAMPLE, id=model["id"])
        records = objects_in(_SAMPLE, await settled(answer, caller, context), "records")
        fields = objects_in(MODEL.get, model, "fields")
        return Preview(fields=fields, rows=[_sampled(record) for record in records[:limit]])
    if connection_id is None or configuration is None:
        raise ToolError("preview_model: Send model_id, or connection_id and configuration.")
    connection = await find(api, CONNECTION, connection_id)
    await _check_source(api, "preview_model", connection["id"], configuration)
    answer = await api.call(
        _PREVIEW, name="preview", connection_id=connection["id"], configuration=configuration
    )
    return Preview(fields=objects_in(_PREVIEW, await settled(answer, caller, context), "fields"))


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
    return model


async def update_model(
    caller: TheCaller,
    context: Context[Caller],
    model_id: ModelId,
    changes: Annotated[ModelRequest, Changes("create_model")],
    refresh: Annotated[bool | None, Field(description="Reload the columns")] = None,
    clear: Clear = None,
) -> Model:
    """Update a model. Omitted arguments are unchanged; [] clears a list. Returns what changed."""
    reset = cleared(changes, clear)
    await resolve_names(caller.api, changes)
    changed = changes.body()
    if "configuration" in changed and "fields" not in changed:
        reset.append("fields")  # another query has other columns; without a list the API includes them all
    async with caller.updating:
        stored = await find(caller.api, MODEL, model_id)
        await _check_source(
            caller.api, "update_model", str(stored.get("connection_id")), changed.get("configuration")
        )
        body = _writable(stored) | changed | given(refresh=refresh)
        kept = {name: part for name, part in body.items() if name not in reset}
        answer = await caller.api.call(_UPDATE, id=stored["id"], **kept)
        after = expected(_UPDATE, await settled(answer, caller, context))
    model = _model(after)
    model.changed = differences(stored, after, {*body, "fields"} - {"refresh"})
    if "fields" in model.changed:
        this = {"model_id": model.id}
        model.next_steps = [
            NextStep(tool="trace_lineage", arguments=this, reason="shows which syncs read it")
        ]
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


async def _check_source(
    api: Polytomic, tool: str, connection_id: str, configuration: JsonObject | None
) -> None:
    """Refuse a configuration, if there is one, that the connection's source does not offer."""
    if configuration is not None:
        draft = Draft({}, await source_problems(api, connection_id, configuration))
        draft.refuse_if_wrong(tool)


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


def _sampled(record: JsonObject) -> JsonObject:
    """Flatten a sample record, which holds the model's row and those of its enrichments by id."""
    rows = as_objects([*record.values()])
    return {name: cell for row in rows for name, cell in row.items()} if len(rows) == len(record) else record


def _row(item: JsonObject) -> JsonObject:
    row = {name: item.get(name) for name in ("id", "name", "type", "connection_id")}
    return row | {"fields": len(_fields(item))}


def _model(item: JsonObject) -> Model:
    return Model.model_validate(item)
