"""The fields that users manage in a schema: added, overridden and removed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, ConfigDict, Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Answer, Row
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.framework.arguments import ConnectionId, TheCaller
from polytomic_mcp.tools.framework.consent import Consent, ask, has_consent
from polytomic_mcp.tools.schemas.lookup import (
    SchemaId,
    by_id,
    field_row,
    find_schema,
    known_field,
    read_schema,
)

_FIELD: Final = "/api/connections/{connection_id}/schemas/{schema_id}/fields"


class SchemaField(BaseModel):
    """A field to add or to update."""

    model_config = ConfigDict(extra="forbid")

    field_id: str
    label: str | None = None
    type: Annotated[
        str | None, Field(description="string, number, boolean, datetime, array, object, binary, unknown")
    ] = None
    path: Annotated[str | None, Field(description="Path of the value in a record")] = None
    definition: Annotated[Any, Field(description="More precise type, such as bigint or date")] = None
    example: Any = None


class SchemaFields(Answer):
    """Changes to a schema's fields: added and changed ones as they are now, removed ones as they were."""

    schema_id: str
    added: list[Row] | None = None
    changed: list[Row] | None = None
    removed: list[JsonObject] | None = None


@dataclass(frozen=True, slots=True)
class FieldChanges:
    """The changes to make to a schema's fields, and the fields before."""

    where: JsonObject
    before: dict[str, JsonObject]
    added: list[JsonObject]
    changed: list[SchemaField]
    removed: list[JsonObject]


async def plan_fields(
    caller: TheCaller,
    context: Context[Caller],
    connection_id: str,
    schema_id: str,
    fields: list[SchemaField] | None,
    remove: list[str] | None,
) -> FieldChanges:
    """Plan the changes, and refuse those that are impossible, before a person is asked."""
    connection = await find(caller.api, CONNECTION, connection_id)
    schema = await find_schema(caller, context, connection["id"], schema_id)
    before = by_id(schema)
    return FieldChanges(
        where={"connection_id": connection["id"], "schema_id": schema["id"]},
        before=before,
        removed=[_removable(name, before) for name in remove or ()],
        added=[_new(field) for field in fields or () if field.field_id.casefold() not in before],
        changed=[field for field in fields or () if field.field_id.casefold() in before],
    )


async def consent_to_remove(
    context: Context, plan: Annotated[FieldChanges, Resolve(plan_fields)], confirm_name: str | None
) -> Consent | Elicit[Consent]:
    """Ask before fields are removed."""
    if not plan.removed:
        return Consent(proceed=True)
    schema_id = plan.where["schema_id"]
    names = ", ".join(field["id"] for field in plan.removed)
    return await ask(
        context,
        f"Remove the user-managed fields {names} from {schema_id!r}? Syncs that map them will fail.",
        Consent(proceed=True),
        confirmed=confirm_name == schema_id,
        how="call again with confirm_name set to the schema's id. Nothing was changed.",
    )


async def set_schema_fields(
    caller: TheCaller,
    connection_id: ConnectionId,
    schema_id: SchemaId,
    plan: Annotated[FieldChanges, Resolve(plan_fields)],
    answer: Annotated[ElicitationResult[Consent], Resolve(consent_to_remove)],
    fields: Annotated[
        list[SchemaField] | None,
        Field(description="To add (label, type) or to update; omitted parts are unchanged"),
    ] = None,
    remove: Annotated[list[str] | None, Field(description="Ids of user-managed fields")] = None,
    confirm_name: Annotated[
        str | None, Field(description="The schema's id; only to remove, if the client cannot ask a person")
    ] = None,
) -> SchemaFields:
    """Add user-managed fields to a table or object, update fields, or remove user-managed ones.

    Syncs that map a removed field fail: a person is asked first.
    """
    del connection_id, fields, remove, confirm_name
    schema_id = plan.where["schema_id"]
    if not has_consent(answer):
        raise ToolError("Not confirmed; nothing was changed.")
    await _write(caller, plan)
    after = by_id(await read_schema(caller.api, **plan.where))
    return SchemaFields(
        schema_id=schema_id,
        added=_rows([field["field_id"] for field in plan.added], after),
        changed=_rows([field.field_id for field in plan.changed], after),
        removed=plan.removed or None,
    )


def _removable(name: str, fields: dict[str, JsonObject]) -> JsonObject:
    field = known_field(name, fields)
    if not field.get("user_managed"):
        raise ToolError(
            f"The field {quoted(name)} was detected at the source and cannot be removed: only user-managed "
            "fields can. Nothing was changed."
        )
    return field


def _new(field: SchemaField) -> JsonObject:
    if field.type is None:
        raise ToolError(
            f"The schema has no field {quoted(field.field_id)}. To add it, send a type. Nothing was changed."
        )
    return {"label": field.field_id} | field.model_dump(exclude_none=True)


async def _write(caller: Caller, plan: FieldChanges) -> None:
    """Add, update and remove, in this order; if one is refused, report what was done before."""
    done: list[str] = []
    try:
        if plan.added:
            await caller.api.call(f"POST {_FIELD}", fields=plan.added, **plan.where)
            done += [field["field_id"] for field in plan.added]
        for field in plan.changed:
            parts = field.model_dump(exclude_none=True, exclude={"field_id"})
            id_ = plan.before[field.field_id.casefold()]["id"]
            await caller.api.call(f"PATCH {_FIELD}/{{field_id}}", field_id=id_, **plan.where, **parts)
            done.append(id_)
        for field in plan.removed:
            await caller.api.call(f"DELETE {_FIELD}/{{field_id}}", field_id=field["id"], **plan.where)
            done.append(field["id"])
    except PolytomicError as error:
        if not done:
            raise
        raise ToolError(f"{error} Already done: {', '.join(done)}.") from None


def _rows(ids: Iterable[str], after: dict[str, JsonObject]) -> list[Row] | None:
    """Return the fields as they are now; only the id of a field that the API does not show yet."""
    found = [after.get(id_.casefold(), {"id": id_}) for id_ in ids]
    return [Row.model_validate(field_row(field)) for field in found] or None
