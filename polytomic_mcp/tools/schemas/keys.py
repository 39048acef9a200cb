"""The primary key of a schema: the detected one, or one that users have set."""

from dataclasses import dataclass
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.results import Answer
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.framework.arguments import ConnectionId, TheCaller
from polytomic_mcp.tools.framework.consent import Consent, ask, has_consent
from polytomic_mcp.tools.framework.requests import Draft
from polytomic_mcp.tools.schemas.lookup import (
    SchemaId,
    by_id,
    find_schema,
    key_of,
    read_schema,
    unknown_field,
)

_KEYS: Final = "/api/connections/{connection_id}/schemas/{schema_id}/primary_keys"


class PrimaryKey(Answer):
    """The primary key before and after."""

    schema_id: str
    before: list[str]
    primary_key: list[str]


@dataclass(frozen=True, slots=True)
class KeyChange:
    """The fields that are to be a schema's key, and all fields before the change."""

    where: JsonObject
    before: dict[str, JsonObject]
    wanted: list[str]


async def plan_key(
    caller: TheCaller, context: Context[Caller], connection_id: str, schema_id: str, fields: list[str]
) -> KeyChange:
    """Plan the change of the key before a person is asked."""
    connection = await find(caller.api, CONNECTION, connection_id)
    schema = await find_schema(caller, context, connection["id"], schema_id)
    before = by_id(schema)
    problems = ((at, unknown_field(name, before)) for at, name in enumerate(fields))
    Draft({}, [f"fields[{at}]: {problem}" for at, problem in problems if problem]).refuse_if_wrong(
        "set_primary_keys"
    )
    wanted = [before[name.casefold()]["id"] for name in fields]
    return KeyChange({"connection_id": connection["id"], "schema_id": schema["id"]}, before, wanted)


async def consent_to_reset(
    context: Context, plan: Annotated[KeyChange, Resolve(plan_key)], confirm_name: str | None
) -> Consent | Elicit[Consent]:
    """Ask before a key that users have set is dropped."""
    schema_id = plan.where["schema_id"]
    if plan.wanted or not any(_is_overridden(field) for field in plan.before.values()):
        return Consent(proceed=True)
    key = ", ".join(key_of(plan.before.values())) or "no fields"
    return await ask(
        context,
        f"Drop the user-defined key of {schema_id!r} ({key})? The detected key applies again.",
        Consent(proceed=True),
        confirmed=confirm_name == schema_id,
        how="call again with confirm_name set to the schema's id. Nothing was changed.",
    )


async def set_primary_keys(
    caller: TheCaller,
    connection_id: ConnectionId,
    schema_id: SchemaId,
    fields: Annotated[list[str], Field(description="Ids of the key's fields; [] restores the detected key")],
    plan: Annotated[KeyChange, Resolve(plan_key)],
    answer: Annotated[ElicitationResult[Consent], Resolve(consent_to_reset)],
    confirm_name: Annotated[
        str | None, Field(description="The schema's id; only for [], if the client cannot ask a person")
    ] = None,
) -> PrimaryKey:
    """Set which fields identify a record of a table or object, if the detected key is wrong or missing."""
    del connection_id, fields, confirm_name
    schema_id = plan.where["schema_id"]
    if not has_consent(answer):
        raise ToolError("Not confirmed; nothing was changed.")
    if plan.wanted:
        overrides = _overrides(plan.wanted, plan.before)
        await caller.api.call(f"PUT {_KEYS}", fields=overrides, **plan.where)
    else:
        await caller.api.call(f"DELETE {_KEYS}", **plan.where)
    after = by_id(await read_schema(caller.api, **plan.where))
    return PrimaryKey(
        schema_id=schema_id, before=key_of(plan.before.values()), primary_key=key_of(after.values())
    )


def _is_overridden(field: JsonObject) -> bool:
    is_key, was_detected = bool(field.get("is_primary_key")), bool(field.get("source_primary_key"))
    return bool(field.get("primary_key_override")) or is_key != was_detected


def _overrides(wanted: list[str], fields: dict[str, JsonObject]) -> list[JsonObject]:
    """Return the overrides that make exactly these fields the key; other detected fields are excluded."""
    detected = [field["id"] for field in fields.values() if field.get("source_primary_key")]
    return [{"field_id": id_, "is_primary_key": id_ in wanted} for id_ in dict.fromkeys([*wanted, *detected])]
