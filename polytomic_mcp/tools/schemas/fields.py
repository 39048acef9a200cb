"""The fields that users manage in a schema: added, overridden and removed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import AnyJson, JsonObject
from polytomic_mcp.common.spelling import meant, quoted, unknown
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Answer, Row
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.framework.arguments import ConnectionId, TheCaller
from polytomic_mcp.tools.framework.consent import Consent, ask, has_consent
from polytomic_mcp.tools.framework.requests import Draft, Part
from polytomic_mcp.tools.schemas.lookup import (
    SchemaId,
    by_id,
    field_row,
    find_schema,
    read_schema,
    unknown_field,
)

_FIELD: Final = "/api/connections/{connection_id}/schemas/{schema_id}/fields"
_TYPES: Final = ("string", "number", "boolean", "datetime", "array", "object", "binary", "unknown")


class SchemaField(Part):
    """A field to add or to update."""

    field_id: str
    label: str | None = None
    type: Annotated[str | None, Field(description=", ".join(_TYPES))] = None
    path: Annotated[str | None, Field(description="Path of the value in a record")] = None
    definition: Annotated[AnyJson, Field(description="More precise type, such as bigint or date")] = None
    example: AnyJson = None


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
    draft = Draft({})
    for at, field in enumerate(fields or ()):
        draft.problems += _field_problems(f"fields[{at}]", field, before)
    draft.problems += [
        f"remove[{at}]: {problem}"
        for at, name in enumerate(remove or ())
        if (problem := _removal_problem(name, before))
    ]
    draft.refuse_if_wrong("set_schema_fields")
    return FieldChanges(
        where={"connection_id": connection["id"], "schema_id": schema["id"]},
        before=before,
        removed=[before[name.casefold()] for name in remove or ()],
        added=[
            {"label": field.field_id} | field.body()
            for field in fields or ()
            if field.field_id.casefold() not in before
        ],
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


def _field_problems(path: str, field: SchemaField, before: dict[str, JsonObject]) -> Iterator[str]:
    """Yield what is wrong with a field; its type is taken in any case, also one that the schema has."""
    known = dict.fromkeys([*_TYPES, *(str(each["type"]) for each in before.values() if each.get("type"))])
    if field.type is None:
        if field.field_id.casefold() not in before:
            name = quoted(field.field_id)
            yield f"{path}: The schema has no field {name}. To add it, send a type."
    elif (type_ := meant(field.type, known)) is not None:
        field.type = type_
    else:
        yield f"{path}.type: {unknown('type', field.type, known)}"


def _removal_problem(name: str, before: dict[str, JsonObject]) -> str | None:
    """Return why a field cannot be removed; None if it can."""
    if problem := unknown_field(name, before):
        return problem
    if not before[name.casefold()].get("user_managed"):
        return (
            f"The field {quoted(name)} was detected at the source and cannot be removed: only user-managed "
            "fields can."
        )
    return None


async def _write(caller: Caller, plan: FieldChanges) -> None:
    """Add, update and remove, in this order; if one is refused, report what was done before."""
    done: list[str] = []
    try:
        if plan.added:
            await caller.api.call(f"POST {_FIELD}", fields=plan.added, **plan.where)
            done += [field["field_id"] for field in plan.added]
        for field in plan.changed:
            parts = {name: part for name, part in field.body().items() if name != "field_id"}
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
