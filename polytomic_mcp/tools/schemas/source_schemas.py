"""The schemas that a source offers to bulk syncs, their fields, and the wait until they have been read."""

import re
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.errors import PolytomicError, RefusedError
from polytomic_mcp.tools.answers.results import NextStep, Page, Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, page_of, refuse_unknown_fields
from polytomic_mcp.tools.api_access.names import CONNECTION, find, shown
from polytomic_mcp.tools.api_access.responses import Items, data_of, items_of
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.framework.arguments import ConnectionId, Fields, Limit, PageToken, Query, TheCaller

_SOURCE: Final = "GET /api/connections/{id}/bulksync/source"
_CLIENT_ERRORS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_NOT_READY: Final = re.compile(r"did not provide any schemas|cache", re.IGNORECASE)
_UNHEALTHY: Final = "connection_unhealthy"
_NEEDS_REPAIR: Final = re.compile(r"\bunhealthy\b|\bsign[ -]?in\b", re.IGNORECASE)
_REFRESH: Final = "Read the source's schemas again."
_NAMES: Final = ("id", "name", "output_name", "user_output_name")


class SourceSchemas(Page):
    """Schemas, or the fields of one schema."""

    schema_id: str | None = None
    schema_name: str | None = None


async def list_source_schemas(
    caller: TheCaller,
    context: Context[Caller],
    connection_id: ConnectionId,
    schema_id: Annotated[str | None, Field(description="List the fields of this schema: id or name")] = None,
    query: Query = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
    fields: Fields = None,
) -> SourceSchemas:
    """List the schemas (tables, objects) a source offers to bulk syncs, or one schema's fields."""
    connection = await find(caller.api, CONNECTION, connection_id)
    items, found = await source_schemas(caller, context, connection["id"]), JsonObject()
    if schema_id is not None:
        found = find_schema(items, schema_id)
        items = await schema_fields(caller.api, connection["id"], found["id"])
    refuse_unknown_fields(items, fields)
    rows = items.map(lambda item: _row(item) | {name: item.get(name) for name in fields or ()})
    page = page_of(rows, query=query, limit=limit, page_token=page_token)
    return SourceSchemas(
        schema_id=found.get("id"),
        schema_name=found.get("name"),
        items=page.items,
        next_page_token=page.next_page_token,
        truncated=page.truncated,
    )


async def source_schemas(caller: Caller, context: Context[Caller], connection_id: str) -> Items:
    """Return the schemas of a source, without their fields.

    Raises:
        Refusal: Polytomic has not read them in time.
    """

    async def ask() -> JsonObject:
        return await data_of(caller.api, _SOURCE, id=connection_id)

    source = await when_ready(caller, context, connection_id, ask)
    return items_of(_SOURCE, source, "schemas")


async def schema_fields(api: Polytomic, connection_id: str, schema_id: str) -> Items:
    """Return the fields of one schema."""
    operation = "GET /api/connections/{id}/schemas/{schema_id}"
    schema = await data_of(api, operation, id=connection_id, schema_id=schema_id)
    return items_of(operation, schema, "fields")


def find_schema(items: Iterable[JsonObject], reference: str, noun: str = "schema") -> JsonObject:
    """Return the schema, or field, with that id; if none has it, with that id or name ignoring case.

    Raises:
        ToolError: None matches, or several do; the text lists the candidates.
    """
    listed = list(items)
    fitting = [item for item in listed if item["id"] == reference] or [
        item for item in listed if reference.casefold() in _names(item)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ToolError(
            f"{len(fitting)} {noun}s are named {quoted(reference)}. Send the id of one of them: "
            f"{_shown(fitting)}."
        )
    hint = nearest(reference, [str(item[key]) for item in listed for key in _NAMES if item.get(key)])
    valid = f" Valid values: {_shown(listed)}." if listed else " There are none."
    raise ToolError(f"Unknown {noun} {quoted(reference)}.{hint}{valid}")


async def when_ready(
    caller: Caller, context: Context[Caller], connection_id: str, ask: Callable[[], Awaitable[JsonObject]]
) -> JsonObject:
    """Return what ``ask`` returns, waiting with progress while Polytomic reads the source.

    A new connection returns 422 or 400 until its schemas are cached (source: the Terraform provider).

    Raises:
        Refusal: They are still not cached; or, immediately, the connection is unhealthy.
    """

    async def look() -> JsonObject:
        try:
            return {"answer": await ask()}
        except PolytomicError as error:
            if _is_unhealthy(error):
                return {"failure": _unhealthy(connection_id, error)}
            if _is_not_ready(error):
                return {"reason": str(error)}
            return {"failure": error}  # raised below: the wait might repeat the request

    seen = await wait(
        caller,
        context,
        look,
        is_over=lambda seen: "reason" not in seen,
        describe=lambda _: "Polytomic is still reading the source's schemas",
    )
    if "reason" in seen:
        raise _not_ready(caller, connection_id, seen["reason"])
    if "failure" in seen:
        raise seen["failure"]
    return seen["answer"]


def _not_ready(caller: Caller, connection_id: str, reason: str) -> Refusal:
    operation, arguments = "POST /api/connections/{id}/schemas/refresh", {"id": connection_id}
    named: JsonObject = {"connection_id": connection_id}
    if "refresh_schemas" in caller.tools:
        refresh = NextStep(tool="refresh_schemas", arguments=named, reason=_REFRESH)
    else:
        raw: JsonObject = {"operation": operation, "arguments": arguments}
        refresh = NextStep(tool="write_operation", arguments=raw, reason=_REFRESH)
    return Refusal(
        f"Polytomic has not read the source's schemas yet. {reason} Nothing was "
        "written. Check that the connection is healthy, refresh its schemas, then call again.",
        NextStep(tool="get_connection", arguments=named, reason="Check whether the source is healthy."),
        refresh,
    )


def _unhealthy(connection_id: str, error: PolytomicError) -> Refusal:
    here: JsonObject = {"connection_id": connection_id}
    step = NextStep(
        tool="get_connection", arguments=here, reason="See what is wrong with the source's connection."
    )
    return Refusal(str(error), step)


def _is_unhealthy(error: PolytomicError) -> bool:
    """Return whether the connection must be repaired first: by the error's key, or by its words."""
    if not isinstance(error, RefusedError) or error.status not in _CLIENT_ERRORS:
        return False
    return error.key == _UNHEALTHY or _NEEDS_REPAIR.search(error.reason) is not None


def _is_not_ready(error: PolytomicError) -> bool:
    """Return whether the cache is not ready: by the error's words, or by any 422 to a GET."""
    if not isinstance(error, RefusedError) or error.status not in _CLIENT_ERRORS:
        return False
    is_question = error.status != HTTPStatus.BAD_REQUEST and error.operation.startswith("GET ")
    return is_question or _NOT_READY.search(error.reason) is not None


def _names(item: JsonObject) -> set[str]:
    return {str(item[key]).casefold() for key in _NAMES if item.get(key)}


def _shown(items: list[JsonObject]) -> str:
    return shown(
        [item | {"name": item.get("name") or item.get("output_name") or item["id"]} for item in items]
    )


def _row(item: JsonObject) -> JsonObject:
    row = {name: item.get(name) for name in ("id", "name", "type")}
    return row | {"is_primary_key": True if item.get("is_primary_key") else None}
