"""Connection types: what can be connected, and what each wants to know."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.errors import NotFoundError
from polytomic_mcp.tools.answers.results import AnyJson, NextStep, Page, Refusal, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, page_of
from polytomic_mcp.tools.api_access.names import fitting_items
from polytomic_mcp.tools.api_access.responses import items_of
from polytomic_mcp.tools.framework.arguments import Api, Fields, Limit, PageToken, Query

_TYPES: Final = "GET /api/connection_types"
_SECRET_KEYWORDS: Final = ("sensitive", "writeOnly")


class ConfigurationField(BaseModel):
    """One field of a configuration."""

    name: str
    type: str | None = None
    required: bool | None = None
    secret: bool | None = None
    default: AnyJson = None
    choices: list[AnyJson] | None = None
    fields: list[JsonObject] | None = None


class ConnectionType(Result):
    """A connection type and the configuration it takes."""

    id: str
    name: str | None = None
    use_oauth: bool | None = None
    configuration: list[ConfigurationField]


async def list_connection_types(
    api: Api,
    query: Query = None,
    role: Annotated[
        Literal["source", "destination"] | None, Field(description="Only what can be one")
    ] = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List the systems Polytomic connects to. describe_connection_type tells what one needs."""
    fitting = [entry for entry in await _entries(api) if role is None or _row(entry)[role]]
    return page_of(fitting, row=_row, query=query, fields=fields, limit=limit, page_token=page_token)


async def describe_connection_type(
    api: Api,
    type: Annotated[str, Field(description="Id or name, such as snowflake")],  # noqa: A002 - the API's name
) -> ConnectionType:
    """Tell which configuration a connection type takes: fields, which are required or secret, choices.

    With use_oauth, secrets may stay out: create_connection then answers an auth_url to visit.
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
        ToolError: None fits; the text names the nearest.
    """
    entries = await _entries(api)
    fitting = fitting_items(entries, reference)
    if not fitting:
        hint = nearest(reference, [str(entry.get(key)) for entry in entries for key in ("name", "id")])
        raise Refusal(
            f"No connection type is called {quoted(reference)}.{hint} list_connection_types shows all.",
            NextStep(tool="list_connection_types", arguments={}, reason="shows all types"),
        )
    return fitting[0]


def configuration_fields(schema: JsonObject) -> list[ConfigurationField]:
    """Read a type's schema, whose enums are pairs and whose keywords are its own (hidden, sensitive).

    Fields that only Polytomic fills (``readOnly``) are left out.
    """
    required = set(as_list(schema.get("required")))
    return [
        ConfigurationField(
            name=name,
            type=part.get("type"),
            required=True if name in required else None,
            secret=True if any(part.get(keyword) for keyword in _SECRET_KEYWORDS) else None,
            default=part.get("default"),
            choices=[_choice(item) for item in as_list(part.get("enum"))] or None,
            fields=_nested(part),
        )
        for name, part in as_object(schema.get("properties")).items()
        if not (part.get("readOnly") or part.get("readonly"))
    ]


def _nested(part: JsonObject) -> list[JsonObject] | None:
    inner = as_object(part.get("items")) or part
    return [field.model_dump(exclude_none=True) for field in configuration_fields(inner)] or None


def _choice(item: Any) -> Any:
    return as_object(item).get("value") if isinstance(item, dict) else item


def _row(entry: JsonObject) -> JsonObject:
    capabilities = as_object(entry.get("capabilities"))
    return {
        "id": entry["id"],
        "name": entry.get("name"),
        "source": bool(capabilities.get("source")),
        "destination": bool(capabilities.get("destination")),
        "use_oauth": bool(entry.get("use_oauth")),
    }


async def _entries(api: Api) -> list[JsonObject]:
    return items_of(await api.call(_TYPES))


async def _schema(api: Api, entry: JsonObject) -> JsonObject:
    try:
        return as_object(await api.call("GET /api/connection_types/{id}", id=entry["id"]))
    except NotFoundError:
        return as_object(as_object(entry.get("configurationForm")).get("jsonschema"))
