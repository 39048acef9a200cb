"""A schema of a connection, found by id or name, and its fields."""

from collections.abc import Iterable
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import NotFoundError, RefusedError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.responses import Items, data_of, has_id, items_of
from polytomic_mcp.tools.schemas import source_schemas

_GET: Final = "GET /api/connections/{id}/schemas/{schema_id}"

SchemaId = Annotated[str, Field(description="Table or object: id or exact name")]


async def find_schema(
    caller: Caller, context: Context[Caller], connection_id: str, reference: str
) -> JsonObject:
    """Return the schema with that id or name, ignoring case; wait while Polytomic is reading it.

    Raises:
        ToolError: No schema matches, or several do; the text suggests the nearest.
    """
    try:
        return await source_schemas.when_ready(
            caller, context, connection_id, lambda: read_schema(caller.api, connection_id, reference)
        )
    except NotFoundError as missing:
        found = await _similar(caller, context, connection_id, reference, missing)
    return await read_schema(caller.api, connection_id, found["id"])


async def read_schema(api: Polytomic, connection_id: str, schema_id: str) -> JsonObject:
    """Return the schema with that id."""
    schema = await data_of(api, _GET, id=connection_id, schema_id=schema_id)
    return schema if has_id(schema) else schema | {"id": schema_id}


def fields_of(schema: JsonObject) -> Items:
    """Return a schema's fields."""
    return items_of(_GET, schema, "fields")


def by_id(schema: JsonObject) -> dict[str, JsonObject]:
    """Return a schema's fields by their lowercase ids."""
    return {field["id"].casefold(): field for field in fields_of(schema)}


def unknown_field(name: str, fields: dict[str, JsonObject]) -> str | None:
    """Return the refusal of an id that no field has in any case, nearest first; None if a field has it."""
    if name.casefold() in fields:
        return None
    known = [item["id"] for item in fields.values()]
    return f"{unknown('field', name, known)} get_schema shows all."


def key_of(fields: Iterable[JsonObject]) -> list[str]:
    """Return the ids of the fields that identify a record."""
    return [field["id"] for field in fields if field.get("is_primary_key")]


def field_row(field: JsonObject) -> JsonObject:
    """Return the parts by which a field is chosen, without flags that are false."""
    name = field.get("name")
    return {
        "id": field["id"],
        "name": name if name != field["id"] else None,
        "type": field.get("type"),
        "is_primary_key": field.get("is_primary_key") or None,
        "user_managed": field.get("user_managed") or None,
        "reference_to": as_object(field.get("association")).get("reference_to"),
    }


async def _similar(
    caller: Caller, context: Context[Caller], connection_id: str, reference: str, missing: NotFoundError
) -> JsonObject:
    """Return the schema with that name from those that the connection offers to bulk syncs, if any."""
    try:
        return source_schemas.find_schema(
            await source_schemas.source_schemas(caller, context, connection_id), reference
        )
    except RefusedError:
        raise Refusal(
            str(missing),
            NextStep(
                tool="refresh_schemas",
                arguments={"connection_id": connection_id},
                reason="Read the source again, if the schema is new.",
            ),
        ) from None
