"""The schemas of a connection: when Polytomic last read them, and what each contains."""

from typing import Annotated, Final

from mcp.server.mcpserver import Context

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.results import DATA, Answer, AnyJson, NextStep, Page, Result, Source
from polytomic_mcp.tools.answers.tabular import Table, columns
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.listing import page_of, refuse_unknown_fields
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.api_access.responses import data_of, objects_in
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConnectionId,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
    WaitSeconds,
)
from polytomic_mcp.tools.schemas.lookup import SchemaId, field_row, fields_of, find_schema, key_of
from polytomic_mcp.tools.schemas.source_schemas import when_ready

_READY: Final = (True, "true", "fresh", "completed", "ready")
"""A cache that is up to date, as the API's guides, its SDK and its reference each call it."""

_IN_PROGRESS: Final = ("refreshing", "running")
"""A cache that is being read, as the SDK calls it; the second is a guess."""


class SchemaStatus(Result):
    """Whether Polytomic has read a connection's schemas, and when."""

    ready: bool
    cache_status: str | None = None
    last_refresh_started: str | None = None
    last_refresh_finished: str | None = None


class Schema(Page):
    """A schema: its primary key and its fields."""

    schema_id: str
    schema_name: str | None = None
    primary_key: list[str] | None = None


class SchemaRecords(Answer):
    """A few records, each in the order of ``fields``."""

    ROWS = frozenset({"fields", "rows"})

    schema_id: str
    fields: list[str]
    rows: Annotated[list[list[AnyJson]], DATA]


async def get_schema_status(api: Api, connection_id: ConnectionId) -> SchemaStatus:
    """Get whether Polytomic has read a connection's schemas (tables, objects), and when."""
    connection = await find(api, CONNECTION, connection_id)
    return _status(connection["id"], await _read_status(api, connection["id"]))


async def refresh_schemas(
    caller: TheCaller, context: Context[Caller], connection_id: ConnectionId, wait_seconds: WaitSeconds = None
) -> SchemaStatus:
    """Read a connection's schemas again after they changed at the source, and wait for it."""
    connection = await find(caller.api, CONNECTION, connection_id)
    await caller.api.call("POST /api/connections/{id}/schemas/refresh", id=connection["id"])
    seen = await wait(
        caller,
        context,
        lambda: _read_status(caller.api, connection["id"]),
        is_over=_is_ready,
        describe=lambda seen: f"schemas {seen.get('cache_status')}",
        seconds=wait_seconds,
        known={"cache_status": "refreshing"},
    )
    return _status(connection["id"], seen, was_started=True)


async def get_schema(
    caller: TheCaller,
    context: Context[Caller],
    connection_id: ConnectionId,
    schema_id: SchemaId,
    query: Query = None,
    limit: Limit = 100,
    page_token: PageToken = None,
    fields: Fields = None,
) -> Schema:
    """Get a table's or object's primary key and fields, including user-managed ones."""
    connection = await find(caller.api, CONNECTION, connection_id)
    schema = await find_schema(caller, context, connection["id"], schema_id)
    items = fields_of(schema)
    refuse_unknown_fields(items, fields)
    rows = items.map(lambda item: field_row(item) | {name: item.get(name) for name in fields or ()})
    page = page_of(rows, query=query, limit=limit, page_token=page_token)
    return Schema(
        schema_id=schema["id"],
        schema_name=schema.get("name"),
        primary_key=key_of(items) or (None if items.left_out else []),
        items=page.items,
        next_page_token=page.next_page_token,
        truncated=page.truncated,
    )


async def read_schema_records(
    caller: TheCaller,
    context: Context[Caller],
    connection_id: ConnectionId,
    schema_id: SchemaId,
    limit: Limit = 10,
) -> SchemaRecords:
    """Read a few sample records of a table or object; run_query reads more."""
    connection = await find(caller.api, CONNECTION, connection_id)
    schema = await find_schema(caller, context, connection["id"], schema_id)
    arguments = {"id": connection["id"], "schema_id": schema["id"]}
    operation = "GET /api/connections/{id}/schemas/{schema_id}/records"

    async def ask() -> JsonObject:
        return await caller.api.call(operation, **arguments)

    records = objects_in(operation, await when_ready(caller, context, connection["id"], ask))
    table = Table(columns(records), limit)
    for index, record in enumerate(records):
        if not table.add(record, Source(operation, arguments, {"": f"/data/{index}"})):
            break
    return SchemaRecords(
        schema_id=schema["id"], fields=table.fields, rows=table.rows, truncated=table.truncated or None
    )


async def _read_status(api: Polytomic, connection_id: str) -> JsonObject:
    return await data_of(api, "GET /api/connections/{id}/schemas/status", id=connection_id)


def _is_ready(status: JsonObject) -> bool:
    started, finished = status.get("last_refresh_started"), status.get("last_refresh_finished")
    has_finished = bool(started and finished) and str(finished) >= str(started)
    return has_finished or any(status.get(name) in _READY for name in ("cache_status", "status"))


def _is_being_read(status: JsonObject) -> bool:
    started = status.get("last_refresh_started")
    return bool(started) or any(status.get(name) in _IN_PROGRESS for name in ("cache_status", "status"))


def _next_step(connection_id: str, *, is_being_read: bool) -> NextStep:
    """Suggest a refresh; if one is in progress, suggest its status, as another would start over."""
    here: JsonObject = {"connection_id": connection_id}
    if is_being_read:
        return NextStep(
            tool="get_schema_status", arguments=here, reason="Check later: the schemas are being read."
        )
    return NextStep(tool="refresh_schemas", arguments=here, reason="Read the schemas, and wait for it.")


def _status(connection_id: str, status: JsonObject, *, was_started: bool = False) -> SchemaStatus:
    step = _next_step(connection_id, is_being_read=was_started or _is_being_read(status))
    cache = status.get("cache_status")
    is_ready = _is_ready(status)
    return SchemaStatus.model_validate(
        status
        | {
            "ready": is_ready,
            "cache_status": str(cache).lower() if isinstance(cache, bool) else cache,
            "next_steps": None if is_ready else [step],
        }
    )
