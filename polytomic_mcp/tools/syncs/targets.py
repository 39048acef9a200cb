"""Target objects: the objects that a connection can write rows to, and the fields of each."""

from typing import Annotated, Any, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.tools.answers.defaults import common_values, without_defaults
from polytomic_mcp.tools.answers.results import NextStep, Page, Refusal, Result, Row
from polytomic_mcp.tools.api_access.listing import left_out_of, page_of
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import CONNECTION, find, fitting_items, shown
from polytomic_mcp.tools.api_access.responses import data_of, items_of
from polytomic_mcp.tools.connections.modes import mode_names
from polytomic_mcp.tools.framework.arguments import Api, ConnectionId, Fields, Limit, PageToken, Query
from polytomic_mcp.tools.syncs.target_creation import (
    OBJECTS,
    creatable_objects,
    creation_problems,
    target_objects,
)

_DEFAULTS: Final = Field(description="What each item has unless it says otherwise")

_LEFT_OUT: Final = frozenset({"filter_functions", "source_type"})
_FLAGS: Final = frozenset(
    {"createable", "updateable", "supports_identity", "identity_functions", "filterable"}
)
"""What is alike for most fields of a target."""

FIELDS: Final = "GET /api/connections/{id}/modelsync/target/fields"


class TargetObjects(Page):
    """Target objects, and how a new one is created."""

    defaults: Annotated[JsonObject | None, _DEFAULTS] = None
    target_creation: JsonObject | None = None


class TargetFields(Result):
    """Fields and modes of a target object."""

    ROWS = frozenset({"fields"})

    id: str | None = None
    name: str | None = None
    modes: list[JsonObject] | None = None
    defaults: Annotated[JsonObject | None, _DEFAULTS] = None
    fields: list[Row] | None = None
    next_page_token: str | None = None
    properties: JsonObject | None = None


async def list_target_objects(
    api: Api,
    connection_id: ConnectionId,
    query: Query = None,
    fields: Fields = None,
    limit: Limit = 100,
    page_token: PageToken = None,
) -> TargetObjects:
    """List a destination's target objects and their modes, including Gong Engage flows.

    target_creation: whether create_sync can create a new one, and from which properties.
    """
    connection = await find(api, CONNECTION, connection_id)
    answer = await creatable_objects(api, connection["id"])
    creation = as_object(answer.get("target_creation"))
    items = items_of(OBJECTS, answer)
    defaults = common_values(map(_row, items), {"modes"})
    page = page_of(
        items,
        row=lambda item: without_defaults(_row(item), defaults),
        query=query,
        fields=fields,
        limit=limit,
        page_token=page_token,
        beside=[creation, defaults],
    )
    return TargetObjects(
        items=page.items,
        next_page_token=page.next_page_token,
        truncated=page.truncated,
        defaults=defaults or None,
        target_creation=creation if creation.get("supported") else None,
    )


async def list_target_fields(
    api: Api,
    connection_id: ConnectionId,
    target: Annotated[str | None, Field(description="Target object: id or exact name")] = None,
    properties: Annotated[
        dict[str, str] | None,
        Field(description="Instead of target: properties of a new object"),
    ] = None,
    refresh: bool | None = None,
    query: Query = None,
    limit: Limit = 200,
    page_token: PageToken = None,
) -> TargetFields:
    """List a target object's fields (required, supports_identity) and modes, for create_sync."""
    connection = await find(api, CONNECTION, connection_id)
    if (target is None) == (properties is None):
        raise ToolError("list_target_fields: Send either target or properties.")
    if target is not None:
        target = (await find_target(api, connection["id"], target))["id"]
    elif problems := creation_problems(
        await creatable_objects(api, connection["id"]), properties or {}, "properties"
    ):
        raise ToolError(f"list_target_fields: {' '.join(problems)}")
    answer = await target_fields(
        api, connection["id"], **given(target=target, properties=properties, refresh=refresh)
    )
    fields = items_of(FIELDS, answer, "fields")
    defaults = common_values(map(_brief, fields), _FLAGS)
    head = _said_once(answer) | ({"defaults": defaults} if defaults else {})
    page = page_of(
        fields,
        row=lambda field: without_defaults(_brief(field), defaults),
        query=query,
        limit=limit,
        page_token=page_token,
        beside=head,
    )
    shown = {
        "fields": page.items,
        "next_page_token": page.next_page_token,
        "truncated": left_out_of(fields, "fields"),
    }
    return TargetFields.model_validate(head | shown)


async def target_fields(api: Polytomic, connection_id: str, **arguments: Any) -> JsonObject:
    """Return the fields, modes and properties of a ``target``, or of one to create from ``properties``."""
    return await data_of(api, FIELDS, id=connection_id, **arguments)


async def find_target(api: Polytomic, connection_id: str, reference: str) -> JsonObject:
    """Return the target object with that id or, ignoring case, that exact name.

    Raises:
        ToolError: No target object matches, or several do; the text lists the candidates.
    """
    items = items_of(OBJECTS, await target_objects(api, connection_id))
    fitting = fitting_items(items, reference)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ToolError(
            f"{len(fitting)} target objects are named {quoted(reference)}. Send the id of one: "
            f"{shown(fitting)}."
        )
    hint = nearest(reference, [str(item.get(key)) for item in items for key in ("id", "name")])
    raise Refusal(
        f"No target object has the id or name {quoted(reference)}.{hint} Target objects: {shown(items)}. "
        f"list_target_objects shows all.{items.remark}",
        NextStep(
            tool="list_target_objects",
            arguments={"connection_id": connection_id},
            reason="shows all target objects",
        ),
    )


def _row(item: JsonObject) -> JsonObject:
    return {"id": item["id"], "name": item.get("name"), "modes": mode_names(item.get("modes"))}


def _said_once(answer: JsonObject) -> JsonObject:
    """Return what the API says of a target besides its fields, without what is false."""
    modes = [
        {name: part for name, part in mode.items() if name != "label" and part is not False}
        for mode in as_objects(answer.get("modes"))
    ]
    properties = {name: part for name, part in as_object(answer.get("properties")).items() if part}
    rest = {name: part for name, part in answer.items() if name != "fields"}
    return rest | {"modes": modes, "properties": properties}


def _brief(field: JsonObject) -> JsonObject:
    """Return what matters for mapping a field."""
    brief = {name: value for name, value in field.items() if name not in _LEFT_OUT}
    if "identity_functions" in brief:
        brief["identity_functions"] = [each.get("id") for each in as_objects(brief["identity_functions"])]
    return brief
