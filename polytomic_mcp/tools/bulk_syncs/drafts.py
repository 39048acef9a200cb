"""A bulk sync before it is created: names become ids, and all problems are found."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.gathering import Gathering
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.schedules import MANUAL
from polytomic_mcp.tools.connections.configurations import configuration_problems
from polytomic_mcp.tools.connections.modes import mode_problems
from polytomic_mcp.tools.framework.requests import Draft
from polytomic_mcp.tools.schemas.source_schemas import find_schema, schema_fields, when_ready

_ENDS: Final = ("source_connection_id", "destination_connection_id")
_FIELD_KEYS: Final = ("partition_key", "tracking_field")


async def draft_new(caller: Caller, context: Context[Caller], body: JsonObject) -> Draft:
    """Complete a new bulk sync and validate it against its source and its destination."""
    draft = Draft({"default_schedule": dict(MANUAL), "destination_configuration": {}} | body)
    known = await resolve_connections(caller.api, draft)
    if "destination_connection_id" in known:
        await check_destination(caller.api, draft)
    if "source_connection_id" in known:
        await _check_source(caller, context, draft)
    return draft


async def resolve_connections(api: Polytomic, draft: Draft, ends: Iterable[str] = _ENDS) -> set[str]:
    """Replace the names of connections by ids, and return the arguments whose connection exists."""
    known: set[str] = set()
    for end in ends:
        try:
            draft.body[end] = (await find(api, CONNECTION, draft.body[end]))["id"]
            known.add(end)
        except ToolError as error:
            draft.problems.append(f"{end}: {error}")
    return known


async def check_destination(api: Polytomic, draft: Draft) -> None:
    """Validate the configuration and the mode against what the destination supports."""
    operation = "GET /api/connections/{id}/bulksync/target"
    target = await data_of(api, operation, id=draft.body["destination_connection_id"])
    configuration = as_object(draft.body["destination_configuration"])
    draft.problems += configuration_problems(
        "destination_configuration", configuration, target.get("configuration")
    )
    if "mode" in draft.body:
        draft.problems += mode_problems(draft.body["mode"], target.get("modes"), "the destination")


def resolve_scheduled_schemas(draft: Draft, offered: list[JsonObject]) -> None:
    """Replace the names of schemas in schedules by ids."""
    for schedule in schedules_of(draft.body):
        names = [str(name) for name in as_list(schedule.get("schemas"))]
        if names:
            schedule["schemas"] = [resolve(draft, "additional_schedules", offered, name) for name in names]


def resolve(draft: Draft, path: str, items: list[JsonObject], reference: str, noun: str = "schema") -> str:
    """Return the id of the schema or field with that id or name. If there is none, add a problem."""
    try:
        return find_schema(items, reference, noun)["id"]
    except ToolError as error:
        draft.problems.append(f"{path}: {error}")
        return reference


def schedules_of(body: JsonObject) -> list[JsonObject]:
    """Return all schedules in a body."""
    return as_objects([body.get("default_schedule"), *as_list(body.get("additional_schedules"))])


async def _check_source(caller: Caller, context: Context[Caller], draft: Draft) -> None:
    source_id = draft.body["source_connection_id"]

    async def read_source() -> JsonObject:
        return await data_of(caller.api, "GET /api/connections/{id}/bulksync/source", id=source_id)

    source = await when_ready(caller, context, source_id, read_source)
    if configuration := as_object(draft.body.get("source_configuration")):
        draft.problems += configuration_problems(
            "source_configuration", configuration, source.get("configuration")
        )
    offered = [item for item in as_objects(source.get("schemas")) if isinstance(item.get("id"), str)]
    resolve_scheduled_schemas(draft, offered)
    schemas = as_objects(draft.body.get("schemas"))
    for schema in schemas:
        schema["id"] = resolve(draft, "schemas", offered, schema["id"])
    known = {item["id"] for item in offered}
    await _resolve_schema_fields(
        caller.api, draft, [item for item in schemas if item["id"] in known and _has_fields(item)]
    )


async def _resolve_schema_fields(api: Polytomic, draft: Draft, schemas: list[JsonObject]) -> None:
    """Replace the names of fields by ids, except in schemas whose fields cannot be read."""
    gathering, source_id = Gathering(), draft.body["source_connection_id"]
    async with gathering.together() as read:
        found = [(schema, read(schema["id"], _reader(api, source_id, schema["id"]))) for schema in schemas]
    for schema, fields in found:
        if fields.value:
            resolve_fields(draft, schema, fields.value)


def resolve_fields(draft: Draft, schema: JsonObject, known: list[JsonObject]) -> None:
    """Replace the names of a schema's fields by ids."""

    def id_of(part: str, reference: str) -> str:
        return resolve(draft, f"schemas[{schema['id']}].{part}", known, reference, "field")

    for field in as_objects(schema.get("fields")):
        field["id"] = id_of("fields", field["id"])
    for condition in as_objects(schema.get("filters")):
        if "field_id" in condition:
            condition["field_id"] = id_of("filters", str(condition["field_id"]))
    for key in _FIELD_KEYS:
        if schema.get(key):
            schema[key] = id_of(key, schema[key])


def _reader(api: Polytomic, source_id: str, schema_id: str) -> Callable[[], Awaitable[list[JsonObject]]]:
    return lambda: schema_fields(api, source_id, schema_id)


def _has_fields(schema: JsonObject) -> bool:
    return any(schema.get(key) for key in ("fields", "filters", *_FIELD_KEYS))
