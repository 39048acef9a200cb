"""Executions of bulk syncs: one run, its counts schema by schema, and what went wrong."""

from collections import Counter
from dataclasses import replace
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.tools.answers.results import NextStep, Refusal, Result, Source
from polytomic_mcp.tools.answers.truncation import room_beside
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.bulk_syncs.pages import DEFAULT_LIMIT, Entry, Held, RowPage, Wanted, page_rows
from polytomic_mcp.tools.bulk_syncs.requests import BulkSyncId
from polytomic_mcp.tools.framework.arguments import Api, Limit, PageToken, TheCaller
from polytomic_mcp.tools.schemas.source_schemas import find_schema
from polytomic_mcp.tools.syncs.executions import NOTHING_RAN, Seconds

OVER: Final = frozenset({"completed", "failed", "errors", "canceled", "interrupted"})
FAILED: Final = frozenset({"failed", "errors", "interrupted"})
DEFAULT_SCHEMAS: Final = DEFAULT_LIMIT

_GET: Final = "GET /api/bulk/syncs/{id}/executions/{exec_id}"
_EXECUTION: Final = "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}"
_CONSOLE: Final = f"{_EXECUTION}/consolelog"
_SCHEMA_CONSOLE: Final = f"{_EXECUTION}/schemas/{{schema_id}}/consolelog"
_LINE: Final = ("timestamp", "level", "message")
_DESCRIBED: Final = 4
_MOST_LINES: Final = 50


class SchemaRun(BaseModel):
    """One schema in a run, with counts of records."""

    schema_id: str | None = None
    output_name: str | None = None
    status: str | None = None
    record_count: int | None = None
    error_count: int | None = None
    warning_count: int | None = None
    status_message: str | None = None


class BulkExecution(Result):
    """A run: counts in all and by schema, those that failed first."""

    ROWS = frozenset({"schemas", "log"})

    id: str
    bulk_sync_id: str
    status: str
    status_message: str | None = None
    record_count: int | None = None
    error_count: int | None = None
    warning_count: int | None = None
    schemas_by_status: dict[str, int] | None = None
    schemas: list[SchemaRun] | None = None
    log: Annotated[list[JsonObject] | None, Field(description="Console lines, newest first")] = None
    next_page_token: Annotated[
        str | None, Field(description="For more, as page_token of get_bulk_sync_execution")
    ] = None
    note: str | None = None

    def source(self) -> Source:
        """Return the API's own answer about the run."""
        places = {"status_message": "/data/status_message"}
        return Source(_GET, {"id": self.bulk_sync_id, "exec_id": self.id}, places)


async def get_bulk_sync_execution(
    caller: TheCaller,
    context: Context[Caller],
    bulk_sync_id: BulkSyncId,
    execution_id: Annotated[str | None, Field(description="Default: the latest")] = None,
    wait_seconds: Seconds = 0,
    log: Annotated[
        bool, Field(description="Instead of schemas the last 50 console lines, newest first")
    ] = False,
    schema_id: Annotated[str | None, Field(description="Only of this schema: id or output name")] = None,
    query: Annotated[str | None, Field(description="Only schemas or lines with this text")] = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> BulkExecution:
    """Get a run of a bulk sync: status, totals, counts by schema (failing ones first)."""
    sync = await find(caller.api, BULK_SYNC, bulk_sync_id)
    execution_id = execution_id or await _latest(caller.api, sync)
    seen = await _followed(caller, context, sync["id"], execution_id, wait_seconds)
    wanted = Wanted(query, schema_id, limit, page_token)
    if log:
        return await _with_log(caller.api, sync["id"], seen, wanted)
    return _with_schemas(sync["id"], seen, wanted)


async def cancel_bulk_sync(
    api: Api,
    bulk_sync_id: BulkSyncId,
    execution_id: Annotated[str | None, Field(description="Default: whatever runs")] = None,
) -> BulkExecution:
    """Stop a running bulk sync. It ends soon after: get_bulk_sync_execution shows when."""
    sync = await find(api, BULK_SYNC, bulk_sync_id)
    target = execution_id or await _latest(api, sync)
    before = await data_of(api, _GET, id=sync["id"], exec_id=target)
    if execution_id is None:
        await api.call("POST /api/bulk/syncs/{id}/cancel", id=sync["id"])
    else:
        operation = "POST /api/bulk/syncs/{id}/executions/{exec_id}/cancel"
        await api.call(operation, id=sync["id"], exec_id=execution_id)
    execution = await read_bulk_execution(api, sync["id"], target)
    if before.get("status") in OVER:
        execution.note = NOTHING_RAN
    return execution


async def read_bulk_execution(
    api: Polytomic, bulk_sync_id: str, execution_id: str, limit: int = DEFAULT_SCHEMAS
) -> BulkExecution:
    """Read a run as the tools answer it, with up to ``limit`` of its schemas."""
    seen = await data_of(api, _GET, id=bulk_sync_id, exec_id=execution_id)
    return _with_schemas(bulk_sync_id, seen, Wanted(limit=limit))


async def follow_bulk_execution(
    caller: Caller, context: Context[Caller], bulk_sync_id: str, started: JsonObject, seconds: float
) -> BulkExecution:
    """Wait for the end of a run that has just been started, and return it as the tools answer it."""
    seen = await _followed(caller, context, bulk_sync_id, str(started.get("id")), seconds, started)
    return _with_schemas(bulk_sync_id, seen, Wanted())


def following(bulk_sync_id: str, execution_id: str | None, reason: str) -> NextStep:
    """Return the call that waits for a run; without its id, for the latest."""
    arguments = given(bulk_sync_id=bulk_sync_id, execution_id=execution_id, wait_seconds=60)
    return NextStep(tool="get_bulk_sync_execution", arguments=arguments, reason=reason)


def describe(seen: JsonObject) -> str:
    """Say in a line how far a run is: how many schemas ended, and the records of the largest."""
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
    seconds: float,
    known: JsonObject | None = None,
) -> JsonObject:
    return await wait(
        caller,
        context,
        lambda: data_of(caller.api, _GET, id=bulk_sync_id, exec_id=execution_id),
        is_over=lambda seen: seen.get("status") in OVER,
        describe=describe,
        seconds=seconds,
        known=known,
    )


async def _latest(api: Polytomic, sync: JsonObject) -> str:
    status = await data_of(api, "GET /api/bulk/syncs/{id}/status", id=sync["id"])
    for part in ("current_execution", "last_execution"):
        if id_ := as_object(status.get(part)).get("id"):
            return id_
    raise Refusal(
        f"The bulk sync {sync.get('name')!r} has never run; start_bulk_sync runs it.",
        NextStep(tool="start_bulk_sync", arguments={"bulk_sync_id": sync["id"]}, reason="Run it."),
    )


async def _with_log(api: Polytomic, bulk_sync_id: str, seen: JsonObject, wanted: Wanted) -> BulkExecution:
    """Return the run with console lines: the API keeps the last 50 and tells the oldest first (a guess)."""
    execution = _execution(bulk_sync_id, seen)
    operation, where = _CONSOLE, {"sync_id": bulk_sync_id, "execution_id": execution.id}
    if wanted.schema_id is not None:
        wanted = replace(wanted, schema_id=_schema_id(seen, wanted.schema_id))
        operation, where = _SCHEMA_CONSOLE, where | {"schema_id": wanted.schema_id}
    arguments: JsonObject = {**where, "limit": _MOST_LINES}
    lines = as_objects((await data_of(api, operation, **arguments)).get("entries"))
    entries = [
        Entry(str(line.get("id") or place), place, given(**{name: line.get(name) for name in _LINE}))
        for place, line in enumerate(lines)
    ]
    entries.sort(key=lambda entry: (str(entry.row.get("timestamp")), entry.place), reverse=True)
    held = Held("log", operation, arguments, "/data/entries")
    execution.log = _paged(execution, entries, held, wanted).rows
    return execution


def _with_schemas(bulk_sync_id: str, seen: JsonObject, wanted: Wanted) -> BulkExecution:
    """Return the run with its schemas: what failed first, then by name."""
    execution = _execution(bulk_sync_id, seen)
    only = None if wanted.schema_id is None else _schema_id(seen, wanted.schema_id)
    entries = [
        Entry(str(item.get("schema") or place), place, _schema_run(item))
        for place, item in enumerate(as_objects(seen.get("schemas")))
        if only in (None, item.get("schema"))
    ]
    entries.sort(key=lambda entry: (entry.row.get("status") not in FAILED, entry.key))
    held = Held("schemas", _GET, {"id": bulk_sync_id, "exec_id": execution.id}, "/data/schemas")
    page = _paged(execution, entries, held, wanted)
    execution.schemas = [SchemaRun.model_validate(row) for row in page.rows]
    return execution


def _paged(execution: BulkExecution, entries: list[Entry], held: Held, wanted: Wanted) -> RowPage:
    """Page what the execution holds into what room it leaves, and lead on to the next page."""
    room = room_beside(execution.model_dump(mode="json", exclude_none=True))
    page = page_rows(entries, held, wanted, tokens=room)
    execution.truncated = page.truncated or None
    execution.next_page_token = page.next_page_token
    if page.next_page_token is not None:
        where = {"bulk_sync_id": execution.bulk_sync_id, "execution_id": execution.id}
        more = where | wanted.following(page.next_page_token) | given(log=held.name == "log" or None)
        step = NextStep(tool="get_bulk_sync_execution", arguments=more, reason="Read the next page.")
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
    return execution


def _schema_id(seen: JsonObject, reference: str) -> str:
    schemas = as_objects(seen.get("schemas"))
    named = [{"id": str(item.get("schema")), "name": item.get("output_name")} for item in schemas]
    return find_schema(named, reference)["id"]


def _schema_run(item: JsonObject) -> JsonObject:
    run = SchemaRun.model_validate(item | {"schema_id": item.get("schema")})
    return run.model_dump(exclude_none=True)


def _totals(schemas: list[JsonObject]) -> JsonObject:
    """Add up the schemas' counts, for versions that do not (2024-02-08)."""
    names = ("record_count", "error_count", "warning_count")
    return {name: sum(int(schema.get(name) or 0) for schema in schemas) for name in names}


def _next_steps(execution: BulkExecution, schemas: list[JsonObject]) -> list[NextStep]:
    if execution.status not in OVER:
        return [following(execution.bulk_sync_id, execution.id, "It still runs: go on waiting.")]
    if execution.status not in FAILED:
        return []
    run: JsonObject = {"bulk_sync_id": execution.bulk_sync_id, "execution_id": execution.id, "log": True}
    failed = [str(schema.get("schema")) for schema in schemas if schema.get("status") in FAILED]
    again: JsonObject = {"bulk_sync_id": execution.bulk_sync_id, "schemas": failed[:DEFAULT_SCHEMAS]}
    retry = [NextStep(tool="start_bulk_sync", arguments=again, reason="Run what failed again, once mended.")]
    return [
        NextStep(tool="get_bulk_sync_execution", arguments=run, reason="Read the run's log for the cause."),
        *(retry if failed else ()),
    ]
