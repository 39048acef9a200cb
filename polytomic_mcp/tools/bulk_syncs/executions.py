"""Executions: the runs of a bulk sync, with counts for each schema and console logs."""

from collections import Counter
from dataclasses import replace
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.answers.results import NextStep, Refusal, WaitingStep
from polytomic_mcp.tools.answers.truncation import room_beside
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.executions import ALREADY_ENDED, latest_execution_id
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of, identified, objects_in
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.bulk_syncs.pages import (
    DEFAULT_LIMIT,
    Entry,
    PageRequest,
    RowPage,
    RowSource,
    page_rows,
)
from polytomic_mcp.tools.bulk_syncs.requests import BulkSyncId
from polytomic_mcp.tools.bulk_syncs.results import GET_EXECUTION, BulkExecution, SchemaRun
from polytomic_mcp.tools.framework.arguments import Api, Limit, PageToken, TheCaller, WaitSeconds
from polytomic_mcp.tools.schemas.source_schemas import find_schema

OVER: Final = frozenset({"completed", "failed", "errors", "canceled", "interrupted"})
FAILED: Final = frozenset({"failed", "errors", "interrupted"})
DEFAULT_SCHEMAS: Final = DEFAULT_LIMIT

_EXECUTION: Final = "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}"
_CONSOLE: Final = f"{_EXECUTION}/consolelog"
_SCHEMA_CONSOLE: Final = f"{_EXECUTION}/schemas/{{schema_id}}/consolelog"
_LINE: Final = ("timestamp", "level", "message")
_DESCRIBED: Final = 4
_MOST_LINES: Final = 50
_NOTHING: Final = (
    "No record was copied: the source has none that passes the filters and is new or changed since the last "
    "run."
)


async def get_bulk_sync_execution(
    caller: TheCaller,
    context: Context[Caller],
    bulk_sync_id: BulkSyncId,
    execution_id: Annotated[str | None, Field(description="Default: the latest")] = None,
    wait_seconds: WaitSeconds = 0,
    log: Annotated[bool, Field(description="The last 50 console lines, newest first, not schemas")] = False,
    schema_id: Annotated[str | None, Field(description="Only this schema: id or output name")] = None,
    query: Annotated[str | None, Field(description="Only schemas or lines with this text")] = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> BulkExecution:
    """Get a run of a bulk sync: status, totals, counts by schema (failed ones first)."""
    sync = await find(caller.api, BULK_SYNC, bulk_sync_id)
    execution_id = execution_id or await _latest(caller.api, sync)
    seen = await _followed(caller, context, sync["id"], execution_id, wait_seconds)
    request = PageRequest(query, schema_id, limit, page_token)
    if log:
        return await _with_log(caller.api, sync["id"], seen, request)
    return _with_schemas(sync["id"], seen, request)


async def cancel_bulk_sync(
    api: Api,
    bulk_sync_id: BulkSyncId,
    execution_id: Annotated[str | None, Field(description="Default: the current run")] = None,
) -> BulkExecution:
    """Cancel a running bulk sync. It ends soon after; get_bulk_sync_execution shows when."""
    sync = await find(api, BULK_SYNC, bulk_sync_id)
    target = execution_id or await _latest(api, sync)
    before = await data_of(api, GET_EXECUTION, id=sync["id"], exec_id=target)
    if execution_id is None:
        await api.call("POST /api/bulk/syncs/{id}/cancel", id=sync["id"])
    else:
        operation = "POST /api/bulk/syncs/{id}/executions/{exec_id}/cancel"
        await api.call(operation, id=sync["id"], exec_id=execution_id)
    execution = await read_bulk_execution(api, sync["id"], target)
    if str(before.get("status")) in OVER:
        execution.note = ALREADY_ENDED
    return execution


async def read_bulk_execution(
    api: Polytomic, bulk_sync_id: str, execution_id: str, limit: int = DEFAULT_SCHEMAS
) -> BulkExecution:
    """Read a run as the tools return it, with up to ``limit`` of its schemas."""
    seen = await data_of(api, GET_EXECUTION, id=bulk_sync_id, exec_id=execution_id)
    return _with_schemas(bulk_sync_id, seen, PageRequest(limit=limit))


async def follow_bulk_execution(
    caller: Caller, context: Context[Caller], bulk_sync_id: str, started: JsonObject, seconds: float | None
) -> BulkExecution:
    """Wait for a run that was just started to end, and return it as the tools do."""
    id_ = identified("POST /api/bulk/syncs/{id}/executions", started)["id"]
    seen = await _followed(caller, context, bulk_sync_id, id_, seconds, started)
    return _with_schemas(bulk_sync_id, seen, PageRequest())


def waiting_step(bulk_sync_id: str, execution_id: str | None, reason: str) -> NextStep:
    """Return the call that waits for a run, or for the latest if ``execution_id`` is None."""
    arguments = given(bulk_sync_id=bulk_sync_id, execution_id=execution_id)
    return WaitingStep(tool="get_bulk_sync_execution", arguments=arguments, reason=reason)


def describe(seen: JsonObject) -> str:
    """Describe the progress of a run in one line: ended schemas, and records of the largest ones."""
    schemas = as_objects(seen.get("schemas"))
    if not schemas:
        return str(seen.get("status"))
    ended = sum(item.get("status") in OVER for item in schemas)
    counted = [item for item in schemas if item.get("record_count")]
    counted.sort(key=lambda item: -int(item["record_count"]))
    counts = "; ".join(f"{item.get('schema')} {item['record_count']}" for item in counted[:_DESCRIBED])
    state = f"{seen.get('status')}: {ended} of {len(schemas)} schemas ended"
    return f"{state}, records: {counts}" if counts else state


async def _followed(
    caller: Caller,
    context: Context[Caller],
    bulk_sync_id: str,
    execution_id: str,
    seconds: float | None,
    known: JsonObject | None = None,
) -> JsonObject:
    return await wait(
        caller,
        context,
        lambda: data_of(caller.api, GET_EXECUTION, id=bulk_sync_id, exec_id=execution_id),
        is_over=lambda seen: str(seen.get("status")) in OVER,
        describe=describe,
        seconds=seconds,
        known=known,
    )


async def _latest(api: Polytomic, sync: JsonObject) -> str:
    if id_ := await latest_execution_id(api, "GET /api/bulk/syncs/{id}/status", sync["id"]):
        return id_
    raise Refusal(
        f"The bulk sync {quoted(str(sync.get('name')))} has never run. Call start_bulk_sync to run it.",
        NextStep(tool="start_bulk_sync", arguments={"bulk_sync_id": sync["id"]}, reason="runs it now"),
    )


async def _with_log(
    api: Polytomic, bulk_sync_id: str, seen: JsonObject, request: PageRequest
) -> BulkExecution:
    """Return the run with console lines. That the API answers the last 50, oldest first, is a guess."""
    execution = _execution(bulk_sync_id, seen)
    operation, where = _CONSOLE, {"sync_id": bulk_sync_id, "execution_id": execution.id}
    if request.schema_id is not None:
        request = replace(request, schema_id=_schema_id(seen, request.schema_id))
        operation, where = _SCHEMA_CONSOLE, where | {"schema_id": request.schema_id}
    arguments: JsonObject = {**where, "limit": _MOST_LINES}
    lines = objects_in(operation, await data_of(api, operation, **arguments), "entries")
    entries = [
        Entry(str(line.get("id") or position), position, given(**{name: line.get(name) for name in _LINE}))
        for position, line in enumerate(lines)
    ]
    entries.sort(key=lambda entry: (str(entry.row.get("timestamp")), entry.position), reverse=True)
    source = RowSource("log", operation, arguments, "/data/entries")
    execution.log = _paged(execution, entries, source, request).rows
    return execution


def _with_schemas(bulk_sync_id: str, seen: JsonObject, request: PageRequest) -> BulkExecution:
    """Return the run with its schemas: failed ones first, then by id."""
    execution = _execution(bulk_sync_id, seen)
    if seen.get("schemas") is None and request.schema_id is None:
        return execution
    only = None if request.schema_id is None else _schema_id(seen, request.schema_id)
    entries = [
        Entry(str(item.get("schema") or position), position, _schema_run(item))
        for position, item in enumerate(as_objects(seen.get("schemas")))
        if only in (None, item.get("schema"))
    ]
    entries.sort(key=lambda entry: (entry.row.get("status") not in FAILED, entry.key))
    source = RowSource(
        "schemas", GET_EXECUTION, {"id": bulk_sync_id, "exec_id": execution.id}, "/data/schemas"
    )
    page = _paged(execution, entries, source, request)
    execution.schemas = [SchemaRun.model_validate(row) for row in page.rows]
    return execution


def _paged(
    execution: BulkExecution, entries: list[Entry], source: RowSource, request: PageRequest
) -> RowPage:
    """Return a page of rows that fits beside the execution, and add the call for the next page."""
    room = room_beside(execution.model_dump(mode="json", exclude_none=True))
    page = page_rows(entries, source, request, tokens=room)
    execution.truncated = page.truncated or None
    execution.next_page_token = page.next_page_token
    if page.next_page_token is not None:
        where = {"bulk_sync_id": execution.bulk_sync_id, "execution_id": execution.id}
        more = where | request.arguments_at(page.next_page_token) | given(log=source.name == "log" or None)
        step = NextStep(tool="get_bulk_sync_execution", arguments=more, reason="reads the next page")
        execution.next_steps = [*(execution.next_steps or ()), step]
    return page


def _execution(bulk_sync_id: str, seen: JsonObject) -> BulkExecution:
    """Return the run without its schemas."""
    schemas = as_objects(seen.get("schemas"))
    own = {
        "bulk_sync_id": bulk_sync_id,
        "schemas_by_status": Counter(str(schema.get("status")) for schema in schemas),
        "schemas": None,
    }
    execution = BulkExecution.model_validate(_totals(schemas) | given(**seen) | own)
    execution.next_steps = _next_steps(execution, schemas) or None
    if _copied_nothing(seen):
        execution.note = _NOTHING
        see = {"bulk_sync_id": bulk_sync_id}
        execution.next_steps = [NextStep(tool="get_bulk_sync", arguments=see, reason="shows what it copies")]
    return execution


def _copied_nothing(seen: JsonObject) -> bool:
    """Whether a run completed without a record, copied or rejected, according to the API's counts."""
    parts = [seen, *as_objects(seen.get("schemas"))]
    counts = [each.get(name) for each in parts for name in ("record_count", "error_count")]
    return seen.get("status") == "completed" and 0 in counts and not any(counts)


def _schema_id(seen: JsonObject, reference: str) -> str:
    schemas = objects_in(GET_EXECUTION, seen, "schemas")
    candidates = [{"id": str(item.get("schema")), "name": item.get("output_name")} for item in schemas]
    return find_schema(candidates, reference)["id"]


def _schema_run(item: JsonObject) -> JsonObject:
    run = SchemaRun.model_validate(item | {"schema_id": item.get("schema")})
    return run.model_dump(exclude_none=True)


def _totals(schemas: list[JsonObject]) -> JsonObject:
    """Add up the schemas' counts, which 2024-02-08 does not total."""
    names = ("record_count", "error_count", "warning_count")
    return {name: sum(int(schema.get(name) or 0) for schema in schemas) for name in names}


def _next_steps(execution: BulkExecution, schemas: list[JsonObject]) -> list[NextStep]:
    if execution.status not in OVER:
        return [waiting_step(execution.bulk_sync_id, execution.id, "waits for it to end")]
    if execution.status not in FAILED:
        return []
    run: JsonObject = {"bulk_sync_id": execution.bulk_sync_id, "execution_id": execution.id, "log": True}
    failed = [str(schema.get("schema")) for schema in schemas if schema.get("status") in FAILED]
    again: JsonObject = {"bulk_sync_id": execution.bulk_sync_id, "schemas": failed[:DEFAULT_SCHEMAS]}
    retry = [NextStep(tool="start_bulk_sync", arguments=again, reason="reruns the failed schemas")]
    return [
        NextStep(tool="get_bulk_sync_execution", arguments=run, reason="reads its log for the cause"),
        *(retry if failed else ()),
    ]
