"""What identifies a record of a schema: the key that was detected, or one set by hand."""

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
from polytomic_mcp.tools.framework.arguments import ConnectionId, Parsed, TheCaller
from polytomic_mcp.tools.framework.consent import Consent, ask, has_consent
from polytomic_mcp.tools.schemas.lookup import SchemaId, by_id, find_schema, key_of, known_field, read_schema

_KEYS: Final = "/api/connections/{connection_id}/schemas/{schema_id}/primary_keys"


class PrimaryKey(Answer):
    """What identified a record before, and what does now."""

    schema_id: str
    before: list[str]
    primary_key: list[str]


@dataclass(frozen=True, slots=True)
class KeyChange:
    """Which fields are to be a schema's key, and the fields as they are before."""

    where: JsonObject
    before: dict[str, JsonObject]
    wanted: list[str]


async def plan_key(
    caller: TheCaller, context: Context[Caller], connection_id: str, schema_id: str, fields: list[str]
) -> KeyChange:
    """Work out which key is wanted before anybody is asked about it."""
    connection = await find(caller.api, CONNECTION, connection_id)
    schema = await find_schema(caller, context, connection["id"], schema_id)
    before = by_id(schema)
    wanted = [known_field(name, before)["id"] for name in fields]
    return KeyChange({"connection_id": connection["id"], "schema_id": schema["id"]}, before, wanted)


async def consent_to_reset(
    context: Context, plan: Annotated[KeyChange, Resolve(plan_key)], confirm_name: str | None
) -> Consent | Elicit[Consent]:
    """Ask before a key that was set by hand is dropped."""
    schema_id = plan.where["schema_id"]
    if plan.wanted or not any(_is_overridden(field) for field in plan.before.values()):
        return Consent(proceed=True)
    key = ", ".join(key_of(plan.before.values())) or "no field"
    return ask(
        context,
        f"Drop the key of {schema_id!r} that was set by hand ({key})? The detected one applies again.",
        Consent(proceed=True),
        confirmed=confirm_name == schema_id,
        how="confirm_name set to the schema's id. Nothing was changed.",
    )


async def set_primary_keys(
    caller: TheCaller,
    connection_id: ConnectionId,
    schema_id: SchemaId,
    fields: Annotated[
        list[str], Parsed, Field(description="Ids of the key's fields; empty: the detected key again")
    ],
    plan: Annotated[KeyChange, Resolve(plan_key)],
    answer: Annotated[ElicitationResult[Consent], Resolve(consent_to_reset)],
    confirm_name: Annotated[
        str | None, Field(description="The schema's id; only for empty fields where nobody can be asked")
    ] = None,
) -> PrimaryKey:
    """Say which fields identify a record of a table or object, where the detected key is wrong or missing."""
    del connection_id, fields, confirm_name
    schema_id = plan.where["schema_id"]
    if not has_consent(answer):
        raise ToolError(f"Nobody said yes, so the key of {schema_id!r} was not changed.")
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
    """Return what makes these fields the key, and nothing else: the detected key's fields are taken out."""
    detected = [field["id"] for field in fields.values() if field.get("source_primary_key")]
    return [{"field_id": id_, "is_primary_key": id_ in wanted} for id_ in dict.fromkeys([*wanted, *detected])]
