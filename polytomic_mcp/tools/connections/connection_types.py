"""Connection types: the systems that can be connected, and the configuration of each."""

from typing import Annotated, Final, Literal

from pydantic import Field

from polytomic_mcp.catalogue.rules.consent import needs_consent, required_fields
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import meant, nearest, quoted
from polytomic_mcp.errors import NotFoundError, RefusedError, UnexpectedAnswerError
from polytomic_mcp.tools.answers.results import NextStep, Page, Refusal, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, page_of
from polytomic_mcp.tools.api_access.responses import Items, items_of, object_in
from polytomic_mcp.tools.connections.configurations import ConfigurationField, configuration_fields
from polytomic_mcp.tools.framework.arguments import Api, Fields, Limit, PageToken, Query

_TYPE: Final = "GET /api/connection_types/{id}"
_TYPES: Final = "GET /api/connection_types"


class ConnectionType(Result):
    """A connection type and the fields of its configuration."""

    id: str
    name: str | None = None
    use_oauth: bool | None = None
    configuration: list[ConfigurationField]


async def list_connection_types(
    api: Api,
    query: Query = None,
    role: Annotated[
        Literal["source", "destination"] | None, Field(description="Only types that support it")
    ] = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List the systems Polytomic connects to. describe_connection_type shows what one requires."""
    entries = await _entries(api)
    fitting = Items(
        (entry for entry in entries if role is None or _row(entry)[role]), _TYPES, entries.left_out
    )
    return page_of(fitting, row=_row, query=query, fields=fields, limit=limit, page_token=page_token)


async def describe_connection_type(
    api: Api,
    type: Annotated[str, Field(description="Id or name, such as snowflake")],  # noqa: A002 - the API's name
) -> ConnectionType:
    """Describe the configuration of a connection type: fields, required, secret, choices.

    With use_oauth, secrets may be omitted: create_connection then returns an auth_url to open.
    """
    entry = await find_type(api, type)
    schema = await _schema(api, entry)
    if schema.get("type") != "object" or schema.keys() & {"properties", "required"}:
        object_in(_TYPE, schema, "properties")
    return ConnectionType(
        id=entry["id"],
        name=entry.get("name"),
        use_oauth=bool(entry.get("use_oauth")),
        configuration=configuration_fields(schema),
    )


async def find_type(api: Polytomic, reference: str) -> JsonObject:
    """Return the connection type with that id or name, whatever its case, spaces, hyphens and underscores.

    Raises:
        ToolError: No connection type matches; the text suggests the nearest.
    """
    entries = await _entries(api)
    ids = {entry["id"]: entry for entry in entries}
    names = {str(entry.get("name") or entry["id"]): entry for entry in reversed(entries)}
    for known in (ids, names):
        if spelled := meant(reference, known):
            return known[spelled]
    hint = nearest(reference, [*names, *ids])
    raise Refusal(
        f"Unknown connection type {quoted(reference)}.{hint} list_connection_types shows all."
        f"{entries.remark}",
        NextStep(tool="list_connection_types", arguments={}, reason="shows all connection types"),
    )


async def id_of_type(api: Polytomic, reference: str) -> str:
    """Return the id of a type by its id or name; the reference itself if the API does not list types.

    Raises:
        ToolError: No connection type matches; the text suggests the nearest.
    """
    try:
        return (await find_type(api, reference))["id"]
    except RefusedError:
        return reference


async def schema_to_create(api: Polytomic, entry: JsonObject, configuration: JsonObject) -> JsonObject:
    """Return the schema of a new configuration of a type.

    What a person's consent provides is not required, if the configuration has no credentials instead.
    """
    schema = await _published(api, entry)
    fields = as_object(schema.get("properties"))
    selector = as_object(entry.get("oauth_prompt")).get("key")
    by_consent = needs_consent(
        selector if isinstance(selector, str) else None,
        fields,
        configuration,
        has_oauth=bool(entry.get("use_oauth")),
    )
    required = [name for name in as_list(schema.get("required")) if isinstance(name, str)]
    return schema | {"required": required_fields(required, fields, is_signed_in_by_consent=by_consent)}


async def schema_to_change(api: Polytomic, type_: str) -> JsonObject:
    """Return the schema of the fields of a stored configuration that are changed: none is required."""
    return await _published(api, {"id": type_}) | {"required": []}


def _row(entry: JsonObject) -> JsonObject:
    capabilities = as_object(entry.get("capabilities"))
    return {
        "id": entry["id"],
        "name": entry.get("name"),
        "source": bool(capabilities.get("source")),
        "destination": bool(capabilities.get("destination")),
        "use_oauth": bool(entry.get("use_oauth")),
    }


async def _entries(api: Api) -> Items:
    return items_of(_TYPES, await api.call(_TYPES))


async def _published(api: Polytomic, entry: JsonObject) -> JsonObject:
    """Return the schema of a type; an empty one if the API publishes none, and judges by itself."""
    try:
        return await _schema(api, entry)
    except (RefusedError, UnexpectedAnswerError):
        return {}


async def _schema(api: Api, entry: JsonObject) -> JsonObject:
    """Return the schema of a type, which its entry in the list of all types has too."""
    try:
        return as_object(await api.call(_TYPE, id=entry["id"]))
    except NotFoundError:
        entries = [entry, *(each for each in await _entries(api) if each["id"] == entry["id"])]
        forms = [as_object(as_object(each.get("configurationForm")).get("jsonschema")) for each in entries]
        return next((form for form in forms if form), JsonObject())
