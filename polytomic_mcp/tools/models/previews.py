"""Previews: the fields and first rows of a stored model, or of a configuration that nothing stores."""

from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import DATA, Answer
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.jobs import settled
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, find
from polytomic_mcp.tools.api_access.responses import objects_in
from polytomic_mcp.tools.framework.arguments import Limit, TheCaller
from polytomic_mcp.tools.models.first_rows import SAMPLE, FirstRows, UnstoredSource
from polytomic_mcp.tools.models.requests import ModelConfiguration
from polytomic_mcp.tools.models.sources import check_source

NO_ROWS: Final = "It returns no rows: a sync of it would write nothing."
_PREVIEW: Final = "POST /api/model-preview"
_SAMPLE: Final = "GET /api/models/{id}/sample"


class Preview(Answer):
    """Fields and first rows."""

    fields: Annotated[list[JsonObject], Field(default_factory=list)]
    rows: Annotated[list[JsonObject] | None, DATA] = None
    note: str | None = None


async def preview_model(
    caller: TheCaller,
    context: Context[Caller],
    model_id: Annotated[str | None, Field(description="Model: id or exact name")] = None,
    connection_id: Annotated[str | None, Field(description="Connection: id or exact name")] = None,
    configuration: ModelConfiguration | None = None,
    limit: Limit = SAMPLE,
) -> Preview:
    """Show columns and first rows of a model, or of a connection's table or query. Stores nothing."""
    if model_id is not None and (connection_id is not None or configuration is not None):
        raise ToolError("preview_model: Send either model_id, or connection_id and configuration, not both.")
    if model_id is not None:
        return await _stored(caller, context, model_id, limit)
    if connection_id is None or configuration is None:
        raise ToolError("preview_model: Send model_id, or connection_id and configuration.")
    connection = await find(caller.api, CONNECTION, connection_id)
    await check_source(caller.api, "preview_model", connection["id"], configuration)
    answer = await caller.api.call(
        _PREVIEW, name="preview", connection_id=connection["id"], configuration=configuration
    )
    fields = objects_in(_PREVIEW, await settled(answer, caller, context), "fields")
    source = UnstoredSource(caller, context, connection, configuration)
    return _preview(fields, await source.first_rows(limit), limit)


async def has_no_rows(api: Polytomic, model_id: str) -> bool:
    """Return whether a stored model returns no row; False if that cannot be read at once."""
    try:
        answer = await api.call(_SAMPLE, id=model_id)
        return as_object(as_object(answer).get("data")).get("records") == []
    except PolytomicError:
        return False


async def _stored(caller: Caller, context: Context[Caller], reference: str, limit: int) -> Preview:
    """Preview a stored model: from Polytomic's sample, or by a query if more rows are wanted."""
    model = await find(caller.api, MODEL, reference)
    fields = objects_in(MODEL.get, model, "fields")
    answer = await caller.api.call(_SAMPLE, id=model["id"])
    records = objects_in(_SAMPLE, await settled(answer, caller, context), "records")
    rows = [_flat(record) for record in records]
    if len(rows) < limit and limit > SAMPLE <= len(rows) and not model.get("enricher"):
        connection = await find(caller.api, CONNECTION, str(model.get("connection_id")))
        source = UnstoredSource(caller, context, connection, as_object(model.get("configuration")))
        names = [str(each.get("name")) for each in fields]
        more = (await source.first_rows(limit)).rows or []
        if len(more) > len(rows):
            queried = [{name: row.get(name) for name in names} for row in more]
            return _preview(fields, FirstRows(queried), limit)
    return _preview(fields, FirstRows(rows[:limit], is_sample=True), limit)


def _preview(fields: list[JsonObject], first: FirstRows, limit: int) -> Preview:
    rows = first.rows
    note = None
    if rows is None:
        note = f"The rows could not be read. {first.reason}"
    elif not rows:
        note = NO_ROWS
    elif first.is_sample and SAMPLE <= len(rows) < limit:
        note = f"These {len(rows)} rows may not be all: more could not be read."
    shown = [_lean(each, has_rows=bool(rows)) for each in fields]
    return Preview(
        fields=shown, rows=rows, note=note, truncated=first.truncated, next_steps=first.next_steps or None
    )


def _lean(each: JsonObject, *, has_rows: bool) -> JsonObject:
    """Return a field without what says nothing: a label that repeats the name, flags that are false."""
    return {
        key: value
        for key, value in each.items()
        if value is not False
        and not (key == "label" and value == each.get("name"))
        and not (has_rows and key == "example")
        and key != "id"
    }


def _flat(record: JsonObject) -> JsonObject:
    """Flatten a sample record, which holds the model's row and those of its enrichments by id."""
    rows = as_objects([*record.values()])
    return {name: cell for row in rows for name, cell in row.items()} if len(rows) == len(record) else record
