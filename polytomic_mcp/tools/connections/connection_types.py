"""Connection types: the systems that can be connected, and the configuration of each."""

from typing import Annotated, Final, Literal

from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.errors import NotFoundError
from polytomic_mcp.tools.answers.results import NextStep, Page, Refusal, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, page_of
from polytomic_mcp.tools.api_access.names import fitting_items
from polytomic_mcp.tools.api_access.responses import Items, items_of, object_in
from polytomic_mcp.tools.connections.configurations import ConfigurationField, configuration_fields
from polytomic_mcp.tools.framework.arguments import Api, Fields, Limit, PageToken, Query

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
    return ConnectionType(
        id=entry["id"],
        name=entry.get("name"),
        use_oauth=bool(entry.get("use_oauth")),
        configuration=configuration_fields(await _schema(api, entry)),
    )


async def find_type(api: Polytomic, reference: str) -> JsonObject:
    """Return the connection type with that id or, ignoring case, that name.

    Raises:
        ToolError: No connection type matches; the text suggests the nearest.
    """
    entries = await _entries(api)
    fitting = fitting_items(entries, reference)
    if not fitting:
        hint = nearest(reference, [str(entry.get(key)) for entry in entries for key in ("name", "id")])
        raise Refusal(
            f"Unknown connection type {quoted(reference)}.{hint} list_connection_types shows all."
            f"{entries.remark}",
            NextStep(tool="list_connection_types", arguments={}, reason="shows all connection types"),
        )
    return fitting[0]


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


async def _schema(api: Api, entry: JsonObject) -> JsonObject:
    operation = "GET /api/connection_types/{id}"
    try:
        answer = await api.call(operation, id=entry["id"])
    except NotFoundError:
        operation, answer = _TYPES, as_object(entry.get("configurationForm")).get("jsonschema")
    schema = as_object(answer)
    if schema.get("type") != "object" or schema.keys() & {"properties", "required"}:
        object_in(operation, answer, "properties")
    return schema
