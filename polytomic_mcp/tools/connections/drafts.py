"""A connection's type and configuration before they are sent, and what is wrong with them."""

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.errors import RefusedError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.names import type_id
from polytomic_mcp.tools.connections.configurations import configuration_problems, without_own_secrets
from polytomic_mcp.tools.connections.connection_types import find_type, schema_to_change, schema_to_create
from polytomic_mcp.tools.connections.masks import masked_fields, with_changes
from polytomic_mcp.tools.connections.requests import ConnectionRequest
from polytomic_mcp.tools.framework.references import References
from polytomic_mcp.tools.framework.requests import Draft


async def draft_new(api: Polytomic, request: ConnectionRequest) -> Draft:
    """Complete a new connection, and validate it against its type."""
    references = References(api)
    await references.resolve(request)
    draft = Draft({})
    references.report(draft)
    request.type = await check_new(api, request.type, request.configuration, draft)
    draft.body = request.body()
    return draft


async def check_new(api: Polytomic, type_: str, configuration: JsonObject, draft: Draft) -> str:
    """Validate a new configuration, and return the id of its type."""
    try:
        entry = await find_type(api, type_)
    except Refusal as unknown:
        draft.problems.append(f"type: {unknown}")
        draft.next_steps += unknown.next_steps
        return type_
    except RefusedError:
        return type_  # the API lists no types: it judges the configuration itself
    _check(entry["id"], configuration, await schema_to_create(api, entry, configuration), draft)
    return entry["id"]


async def check_changed(api: Polytomic, stored: JsonObject, changed: JsonObject, draft: Draft) -> None:
    """Validate the fields of a stored connection's configuration that are changed."""
    if changed and (type_ := type_id(stored)):
        _check(type_, changed, await schema_to_change(api, type_), draft)


async def changed_configuration(
    api: Polytomic, stored: JsonObject, changed: JsonObject, draft: Draft
) -> JsonObject:
    """Validate the changes of a stored connection's configuration, and return the whole one to send."""
    before, type_ = as_object(stored.get("configuration")), type_id(stored)
    if not type_ or not (changed or masked_fields(before)):
        return with_changes(before, changed)
    schema = await schema_to_change(api, type_)
    _check(type_, changed, schema, draft)
    return without_own_secrets(with_changes(before, changed), schema)


def describe_type(type_: str) -> NextStep:
    """Return the call that shows what the configuration of a type may be."""
    return NextStep(
        tool="describe_connection_type", arguments={"type": type_}, reason="describes its configuration"
    )


def _check(type_: str, configuration: JsonObject, schema: JsonObject, draft: Draft) -> None:
    if problems := configuration_problems("configuration", configuration, schema):
        draft.problems += problems
        draft.next_steps.append(describe_type(type_))
