"""A bulk sync before it is created: names become ids, and all problems are found."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from mcp.server.mcpserver import Context

from polytomic_mcp.catalogue.rules.outputs import MIRROR_SCHEMAS, place_problems
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import meant
from polytomic_mcp.errors import RefusedError
from polytomic_mcp.tools.answers.results import Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.gathering import Gathering
from polytomic_mcp.tools.api_access.names import CONNECTION
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.outputs import output_problems
from polytomic_mcp.tools.bulk_syncs.problems import LIMITS, check_schema, check_settings
from polytomic_mcp.tools.bulk_syncs.requests import BulkSyncRequest, FieldChoice, SchemaChoice
from polytomic_mcp.tools.bulk_syncs.schedules import MANUAL, normalized_schedules
from polytomic_mcp.tools.bulk_syncs.selection import (
    Schemas,
    has_fields,
    resolve_fields,
    resolve_schemas,
    tracking_problems,
)
from polytomic_mcp.tools.connections.configurations import configuration_problems
from polytomic_mcp.tools.connections.modes import mode_names, mode_problems
from polytomic_mcp.tools.framework.references import References
from polytomic_mcp.tools.framework.requests import Draft
from polytomic_mcp.tools.framework.timing import convert_to_utc
from polytomic_mcp.tools.schemas.source_schemas import schema_fields, when_ready

_SOURCE: Final = "GET /api/connections/{id}/bulksync/source"
_DESTINATION: Final = "GET /api/connections/{id}/bulksync/target"


async def draft_new(caller: Caller, context: Context[Caller], request: BulkSyncRequest) -> Draft:
    """Complete a new bulk sync and validate it against its source and its destination."""
    draft = Draft({})
    request.destination_configuration = request.destination_configuration or {}
    known = await check_request(caller, request, draft)
    if request.destination_connection_id in known:
        await check_destination(caller.api, request, draft, request.body())
    offered: list[JsonObject] = []
    schemas: Schemas = []
    if request.source_connection_id in known:
        offered, schemas = await _check_source(caller, context, request, draft)
    draft.body = _body(request)
    enabled = {path: _enabled(schema) for path, schema in schemas if schema.enabled is not False}
    if not request.schemas:
        enabled = {f"schemas[{item['id']}]": {"id": item["id"]} for item in offered}
    draft.problems += output_problems(draft.body, enabled)
    return draft


async def check_request(caller: Caller, request: BulkSyncRequest, draft: Draft) -> set[str]:
    """Convert times to UTC and names to ids, and check settings; return the ids of the connections found."""
    for path, schedule in request.all_schedules:
        convert_to_utc(schedule, path, caller.date(), draft)
    check_settings(request, draft)
    references = References(caller.api, whole=frozenset({CONNECTION}))
    await references.resolve(request)
    references.report(draft)
    return set(references.objects.get(CONNECTION, ()))


async def check_destination(api: Polytomic, request: BulkSyncRequest, draft: Draft, body: JsonObject) -> None:
    """Validate the mode, history and the configuration of the whole body against the destination."""
    try:
        target = await data_of(api, _DESTINATION, id=body["destination_connection_id"])
    except RefusedError as refused:
        draft.could_not_read("destination_connection_id", body["destination_connection_id"], refused)
        return
    configuration = as_object(body["destination_configuration"])
    schema = as_object(target.get("configuration"))
    if configuration.get(MIRROR_SCHEMAS):  # the schemas of the source take the place of a required one
        schema = {name: part for name, part in schema.items() if name != "required"}
    draft.problems += configuration_problems("destination_configuration", configuration, schema)
    draft.problems += [
        f"destination_configuration.{key}: {reason}" for key, reason in place_problems(configuration)
    ]
    if request.mode is not None:
        request.mode = meant(request.mode, mode_names(target.get("modes"))) or request.mode
        draft.problems += mode_problems(request.mode, target.get("modes"), "the destination")
    if target.get("supports_history_mode") is False:
        draft.problems += [
            f"schemas[{at}].history_enabled: The destination does not support history. Omit it."
            for at, schema in enumerate(request.schemas or ())
            if schema.history_enabled
        ]


async def _check_source(
    caller: Caller, context: Context[Caller], request: BulkSyncRequest, draft: Draft
) -> tuple[list[JsonObject], Schemas]:
    """Validate against the source; return the schemas that it offers, and those of the request that exist."""
    id_ = request.source_connection_id
    try:
        source = await when_ready(caller, context, id_, lambda: data_of(caller.api, _SOURCE, id=id_))
    except RefusedError as refused:
        draft.could_not_read("source_connection_id", id_, refused)
        return [], []
    except Refusal as error:
        draft.problems.append(f"source_connection_id: {error}")
        draft.next_steps += error.next_steps
        return [], []
    if request.source_configuration:
        draft.problems += configuration_problems(
            "source_configuration", request.source_configuration, source.get("configuration")
        )
    offered = [item for item in as_objects(source.get("schemas")) if isinstance(item.get("id"), str)]
    schemas = resolve_schemas(request, offered, draft)
    for at, schema in enumerate(request.schemas or ()):
        check_schema(schema, f"schemas[{at}]", draft)
    await _check_fields(caller.api, id_, source, schemas, draft)
    return offered, schemas


async def _check_fields(
    api: Polytomic, source_id: str, source: JsonObject, schemas: Schemas, draft: Draft
) -> None:
    """Replace the names of fields by ids, except in schemas whose fields cannot be read."""
    named = [(path, schema) for path, schema in schemas if has_fields(schema)]
    fields = await _source_fields(api, source_id, named)
    for path, schema in named:
        if known := fields.get(schema.id):
            resolve_fields(schema, path, known, draft)
        draft.problems += tracking_problems(schema, path, source, known or ())


async def check_tracking(api: Polytomic, source_id: str, schemas: Schemas, draft: Draft) -> None:
    """Validate the tracking fields of schemas against what the source says of them, if it can be read."""
    tracked = [(path, schema) for path, schema in schemas if schema.tracking_field]
    if not tracked:
        return
    source = JsonObject()
    with suppress(RefusedError):
        source = await data_of(api, _SOURCE, id=source_id)
    fields = await _source_fields(api, source_id, tracked)
    for path, schema in tracked:
        draft.problems += tracking_problems(schema, path, source, fields.get(schema.id, ()))


async def _source_fields(api: Polytomic, source_id: str, schemas: Schemas) -> dict[str, list[JsonObject]]:
    """Return the fields of schemas by their ids, without those that cannot be read."""
    gathering = Gathering()
    async with gathering.together() as read:
        found = {schema.id: read(schema.id, _reader(api, source_id, schema.id)) for _, schema in schemas}
    return {id_: fields.value for id_, fields in found.items() if fields.value}


def _body(request: BulkSyncRequest) -> JsonObject:
    """Return the body that creates a bulk sync; a limit of 0 is Polytomic's own, and is left out."""
    given = {name: part for name, part in request.body().items() if name not in LIMITS or part != 0}
    body = {"default_schedule": dict(MANUAL)} | normalized_schedules(given)
    if request.schemas:
        body["schemas"] = [_enabled(schema) for schema in request.schemas]
    return body


def _enabled(schema: SchemaChoice) -> JsonObject:
    """Return a schema that is enabled, as are its fields, unless it says otherwise; leave out empty texts."""
    body = _given(schema)
    if schema.fields is not None:
        body["fields"] = [_given(field) for field in schema.fields]
    return body


def _given(choice: SchemaChoice | FieldChoice) -> JsonObject:
    return {"enabled": True} | {name: part for name, part in choice.body().items() if part != ""}


def _reader(api: Polytomic, source_id: str, schema_id: str) -> Callable[[], Awaitable[list[JsonObject]]]:
    return lambda: schema_fields(api, source_id, schema_id)
