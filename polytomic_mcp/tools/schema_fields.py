"""The fields of a schema changed by hand: added, overridden, removed, and made to identify a record."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, ConfigDict, Field

from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.arguments import ConnectionId, Parsed, TheCaller
from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.json_values import JsonObject
from polytomic_mcp.tools.names import CONNECTION, find
from polytomic_mcp.tools.results import Answer, Row
from polytomic_mcp.tools.schema_lookup import SchemaId, field_row, fields_of, find_schema, key_of, read_schema
from polytomic_mcp.tools.spelling import nearest, quoted

_FIELD: Final = "/api/connections/{connection_id}/schemas/{schema_id}/fields"
_KEYS: Final = "PUT /api/connections/{connection_id}/schemas/{schema_id}/primary_keys"
_NO_KEYS: Final = "DELETE /api/connections/{connection_id}/schemas/{schema_id}/primary_keys"


class SchemaField(BaseModel):
    """A field to add or to change."""

    model_config = ConfigDict(extra="forbid")

    field_id: str
    label: str | None = None
    type: Annotated[
        str | None, Field(description="string, number, boolean, datetime, array, object, binary, unknown")
    ] = None
    path: Annotated[str | None, Field(description="Where in a record the value stands")] = None
    definition: Annotated[Any, Field(description="A finer type, such as bigint or date")] = None
    example: Any = None


class SchemaFields(Answer):
    """What was done to the fields of a schema: those touched as they are now, those removed as they were."""

    schema_id: str
    added: list[Row] | None = None
    changed: list[Row] | None = None
    removed: list[JsonObject] | None = None


class PrimaryKey(Answer):
    """What identified a record before, and what does now."""

    schema_id: str
    before: list[str]
    primary_key: list[str]


async def set_schema_fields(
    caller: TheCaller,
    context: Context[Caller],
    connection_id: ConnectionId,
    schema_id: SchemaId,
    fields: Annotated[
        list[SchemaField] | None,
        Parsed,
        Field(description="To add (label, type) or to change; what is not given stays"),
    ] = None,
    remove: Annotated[list[str] | None, Parsed, Field(description="Ids of fields added by hand")] = None,
) -> SchemaFields:
    """Add fields of your own to a table or object, change fields, or remove those that were added.

    A sync that maps a removed field fails.
    """
    connection = await find(caller.api, CONNECTION, connection_id)
    schema = await find_schema(caller, context, connection["id"], schema_id)
    before = _by_id(schema)
    added = [field for field in fields or () if field.field_id.casefold() not in before]
    changed = [field for field in fields or () if field.field_id.casefold() in before]
    doomed = [_removable(name, before) for name in remove or ()]
    where = {"connection_id": connection["id"], "schema_id": schema["id"]}
    await _write(caller, where, [_new(field) for field in added], changed, before, doomed)
    after = _by_id(await read_schema(caller.api, **where))
    return SchemaFields(
        schema_id=schema["id"],
        added=_rows(added, after),
        changed=_rows(changed, after),
        removed=doomed or None,
    )


async def set_primary_keys(
    caller: TheCaller,
    context: Context[Caller],
    connection_id: ConnectionId,
    schema_id: SchemaId,
    fields: Annotated[
        list[str], Parsed, Field(description="Ids of the key's fields; empty: the detected key again")
    ],
) -> PrimaryKey:
    """Say which fields identify a record of a table or object, where the detected key is wrong or missing."""
    connection = await find(caller.api, CONNECTION, connection_id)
    schema = await find_schema(caller, context, connection["id"], schema_id)
    before = _by_id(schema)
    wanted = [_known(name, before)["id"] for name in fields]
    where = {"connection_id": connection["id"], "schema_id": schema["id"]}
    if wanted:
        await caller.api.call(_KEYS, fields=_overrides(wanted, before), **where)
    else:
        await caller.api.call(_NO_KEYS, **where)
    after = _by_id(await read_schema(caller.api, **where))
    return PrimaryKey(
        schema_id=schema["id"], before=key_of(before.values()), primary_key=key_of(after.values())
    )


def _by_id(schema: JsonObject) -> dict[str, JsonObject]:
    """Return a schema's fields by their ids in lower case."""
    return {field["id"].casefold(): field for field in fields_of(schema)}


def _overrides(wanted: list[str], fields: dict[str, JsonObject]) -> list[JsonObject]:
    """Return what makes these fields the key, and nothing else: the detected key's fields are taken out."""
    detected = [field["id"] for field in fields.values() if field.get("source_primary_key")]
    return [{"field_id": id_, "is_primary_key": id_ in wanted} for id_ in dict.fromkeys([*wanted, *detected])]


def _known(name: str, fields: dict[str, JsonObject]) -> JsonObject:
    if (field := fields.get(name.casefold())) is None:
        known = [item["id"] for item in fields.values()]
        raise ToolError(
            f"The schema has no field {quoted(name)}.{nearest(name, known)} get_schema shows all. Nothing "
            "was changed."
        )
    return field


def _removable(name: str, fields: dict[str, JsonObject]) -> JsonObject:
    field = _known(name, fields)
    if not field.get("user_managed"):
        raise ToolError(
            f"The field {quoted(name)} was detected at the source and cannot be removed: only fields that "
            "were added by hand can. Nothing was changed."
        )
    return field


def _new(field: SchemaField) -> JsonObject:
    if field.type is None:
        raise ToolError(
            f"The schema has no field {quoted(field.field_id)}, and to add it takes a type. Nothing was "
            "changed."
        )
    return {"label": field.field_id} | field.model_dump(exclude_none=True)


async def _write(
    caller: Caller,
    where: JsonObject,
    added: list[JsonObject],
    changed: Sequence[SchemaField],
    before: dict[str, JsonObject],
    doomed: Sequence[JsonObject],
) -> None:
    """Add, change and remove, in this order; where one is refused, say what was done before."""
    done: list[str] = []
    try:
        if added:
            await caller.api.call(f"POST {_FIELD}", fields=added, **where)
            done += [field["field_id"] for field in added]
        for field in changed:
            parts = field.model_dump(exclude_none=True, exclude={"field_id"})
            id_ = before[field.field_id.casefold()]["id"]
            await caller.api.call(f"PATCH {_FIELD}/{{field_id}}", field_id=id_, **where, **parts)
            done.append(id_)
        for field in doomed:
            await caller.api.call(f"DELETE {_FIELD}/{{field_id}}", field_id=field["id"], **where)
            done.append(field["id"])
    except PolytomicError as error:
        if not done:
            raise
        raise ToolError(f"{error} Done before that: {', '.join(done)}.") from None


def _rows(fields: Sequence[SchemaField], after: dict[str, JsonObject]) -> list[Row] | None:
    """Return the fields as they are now; one that the API does not show yet by its id alone."""
    found = [after.get(field.field_id.casefold(), {"id": field.field_id}) for field in fields]
    return [Row.model_validate(field_row(field)) for field in found] or None
