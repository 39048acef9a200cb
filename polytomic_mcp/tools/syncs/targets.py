"""Target objects: the objects that a connection can write rows to, and the fields of each."""

from typing import Annotated, Any, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import nearest, quoted
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

FIELDS: Final = "GET /api/connections/{id}/modelsync/target/fields"


class TargetObjects(Page):
    """Target objects, and how a new one is created."""

    target_creation: JsonObject | None = None


class TargetFields(Result):
    """Fields and modes of a target object."""

    ROWS = frozenset({"fields"})

    id: str | None = None
    name: str | None = None
    modes: list[JsonObject] | None = None
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
    page = page_of(
        items_of(OBJECTS, answer),
        row=_row,
        query=query,
        fields=fields,
        limit=limit,
        page_token=page_token,
        beside=creation,
    )
    return TargetObjects(
        items=page.items,
        next_page_token=page.next_page_token,
        truncated=page.truncated,
        target_creation=creation if creation.get("supported") else None,
    )


async def list_target_fields(
    api: Api,
    connection_id: ConnectionId,
    target: Annotated[str | None, Field(description="Target object: id or exact name")] = None,
    properties: Annotated[
        dict[str, str] | None,
        Field(description="Instead of target: of an object to create"),
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
    beside = {name: part for name, part in answer.items() if name != "fields"}
    page = page_of(fields, row=_brief, query=query, limit=limit, page_token=page_token, beside=beside)
    shown = {
        "fields": page.items,
        "next_page_token": page.next_page_token,
        "truncated": left_out_of(fields, "fields"),
    }
    return TargetFields.model_validate(answer | shown)


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


def _brief(field: JsonObject) -> JsonObject:
    """Return what matters for mapping a field, without flags that are false and empty parts."""
    dropped = {"filter_functions", "source_type"}
    kept = {
        name: value
        for name, value in field.items()
        if name not in dropped and value not in (None, False, [], "")
    }
    if functions := as_objects(field.get("identity_functions")):
        kept["identity_functions"] = [function.get("id") for function in functions]
    return kept
