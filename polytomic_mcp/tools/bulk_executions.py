"""Executions of bulk syncs: one run, its counts schema by schema, and what went wrong."""

from collections import Counter
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import ConflictError
from polytomic_mcp.tools.answers import data_of
from polytomic_mcp.tools.arguments import Api, Limit, Parsed, TheCaller
from polytomic_mcp.tools.bulk_requests import BulkSyncId
from polytomic_mcp.tools.bulk_selections import stored_schemas
from polytomic_mcp.tools.bulk_sources import find_schema
from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.executions import Seconds
from polytomic_mcp.tools.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.tools.merging import given
from polytomic_mcp.tools.names import BULK_SYNC, find
from polytomic_mcp.tools.refusals import Refusal
from polytomic_mcp.tools.results import NextStep, Result
from polytomic_mcp.tools.waiting import wait

OVER: Final = frozenset({"completed", "failed", "errors", "canceled", "interrupted"})
FAILED: Final = frozenset({"failed", "errors", "interrupted"})
DEFAULT_SCHEMAS: Final = 20

_GET: Final = "GET /api/bulk/syncs/{id}/executions/{exec_id}"
_CONSOLE: Final = "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}/consolelog"
_REBUILD: Final = "rebuild"
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


async def start_bulk_sync(
    caller: TheCaller,
    context: Context[Caller],
    bulk_sync_id: BulkSyncId,
    schemas: Annotated[list[str] | None, Parsed, Field(description="Only these, by id or name")] = None,
    resync_mode: Annotated[
        str | None,
        Field(description="refetch, resync or rebuild (drops outputs first); default: changes only"),
    ] = None,
    fetch_mode: Annotated[str | None, Field(description="none, incremental or full (Salesforce)")] = None,
    test: Annotated[bool | None, Field(description="A trial; may write up to 5 records a schema")] = None,
    resync: Annotated[bool | None, Field(description="Old form of resync_mode rebuild")] = None,
    wait_seconds: Seconds = 30,
) -> BulkExecution:
    """Run a bulk sync now and wait for its end, with progress. Answers counts by schema.

    Still running when the time is up? get_bulk_sync_execution goes on waiting.
    """
    resync_mode = _resync_mode(resync_mode, resync=resync, test=test)
    sync = await find(caller.api, BULK_SYNC, bulk_sync_id)
    ids = await _schema_ids(caller.api, sync, schemas) if schemas else None
    body = given(schemas=ids, resync_mode=resync_mode, fetch_mode=fetch_mode, test=test)
    try:
        started = await data_of(caller.api, "POST /api/bulk/syncs/{id}/executions", id=sync["id"], **body)
    except ConflictError as running:
        follow = _follow(sync["id"], None, "Follow the run that is under way.")
        raise Refusal(str(running), follow) from running
    return await _followed(caller, context, sync["id"], str(started.get("id")), wait_seconds, started)


async def get_bulk_sync_execution(
    caller: TheCaller,
    context: Context[Caller],
    bulk_sync_id: BulkSyncId,
    execution_id: Annotated[str | None, Field(description="Default: the latest")] = None,
    wait_seconds: Seconds = 0,
    log: Annotated[bool, Field(description="Also the last console lines")] = False,
    limit: Limit = DEFAULT_SCHEMAS,
) -> BulkExecution:
    """Get a run of a bulk sync: status, totals, counts by schema (failing ones first)."""
    sync = await find(caller.api, BULK_SYNC, bulk_sync_id)
    execution_id = execution_id or await _latest(caller.api, sync)
    execution = await _followed(caller, context, sync["id"], execution_id, wait_seconds, limit=limit)
    if log:
        execution.log = await _console(caller.api, execution, limit)
    return execution


async def cancel_bulk_sync(
    api: Api,
    bulk_sync_id: BulkSyncId,
    execution_id: Annotated[str | None, Field(description="Default: whatever runs")] = None,
) -> BulkExecution:
    """Stop a running bulk sync. It ends soon after: get_bulk_sync_execution shows when."""
    sync = await find(api, BULK_SYNC, bulk_sync_id)
    target = execution_id or await _latest(api, sync)
    if execution_id is None:
        await api.call("POST /api/bulk/syncs/{id}/cancel", id=sync["id"])
    else:
        operation = "POST /api/bulk/syncs/{id}/executions/{exec_id}/cancel"
        await api.call(operation, id=sync["id"], exec_id=execution_id)
    return await read_bulk_execution(api, sync["id"], target)


async def read_bulk_execution(
    api: Polytomic, bulk_sync_id: str, execution_id: str, limit: int = DEFAULT_SCHEMAS
) -> BulkExecution:
    """Read a run as the tools answer it, with up to ``limit`` of its schemas."""
    seen = await data_of(api, _GET, id=bulk_sync_id, exec_id=execution_id)
    return _execution(bulk_sync_id, seen, limit)


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


def _resync_mode(mode: str | None, *, resync: bool | None, test: bool | None) -> str | None:
    """Return the mode that the old and the new spelling agree on.

    Raises:
        ToolError: They do not, or a trial would resync, which the API refuses.
    """
    if resync and mode not in (None, _REBUILD):
        raise ToolError(f"start_bulk_sync: resync means resync_mode {_REBUILD!r}; send resync_mode alone.")
    mode = _REBUILD if resync else mode
    if test and mode:
        raise ToolError("start_bulk_sync: a test cannot resync; send test or resync_mode, not both.")
    return mode


async def _schema_ids(api: Polytomic, sync: JsonObject, names: list[str]) -> list[str]:
    listed = await stored_schemas(api, sync["id"])
    try:
        return [find_schema(listed, name)["id"] for name in names]
    except ToolError as error:
        raise ToolError(f"schemas: {error} Nothing was started.") from error


async def _followed(
    caller: Caller,
    context: Context[Caller],
    bulk_sync_id: str,
    execution_id: str,
    seconds: float,
    known: JsonObject | None = None,
    *,
    limit: int = DEFAULT_SCHEMAS,
) -> BulkExecution:
    seen = await wait(
        caller,
        context,
        lambda: data_of(caller.api, _GET, id=bulk_sync_id, exec_id=execution_id),
        is_over=lambda seen: seen.get("status") in OVER,
        describe=describe,
        seconds=seconds,
        known=known,
    )
    return _execution(bulk_sync_id, seen, limit)


async def _latest(api: Polytomic, sync: JsonObject) -> str:
    status = await data_of(api, "GET /api/bulk/syncs/{id}/status", id=sync["id"])
    for part in ("current_execution", "last_execution"):
        if id_ := as_object(status.get(part)).get("id"):
            return id_
    raise Refusal(
        f"The bulk sync {sync.get('name')!r} has never run; start_bulk_sync runs it.",
        NextStep(tool="start_bulk_sync", arguments={"bulk_sync_id": sync["id"]}, reason="Run it."),
    )


async def _console(api: Polytomic, execution: BulkExecution, limit: int) -> list[JsonObject]:
    """Return the newest console lines; the API keeps the last 50 and tells the oldest first (a guess)."""
    where = {"sync_id": execution.bulk_sync_id, "execution_id": execution.id}
    answer = await data_of(api, _CONSOLE, limit=_MOST_LINES, **where)
    lines = [
        {name: line.get(name) for name in ("timestamp", "level", "message")} for line in _entries(answer)
    ]
    return lines[:limit]


def _entries(answer: JsonObject) -> list[JsonObject]:
    return sorted(
        as_objects(answer.get("entries")), key=lambda line: str(line.get("timestamp")), reverse=True
    )


def _execution(bulk_sync_id: str, item: JsonObject, limit: int) -> BulkExecution:
    schemas = sorted(as_objects(item.get("schemas")), key=_urgency)
    own = {
        "bulk_sync_id": bulk_sync_id,
        "schemas_by_status": Counter(str(schema.get("status")) for schema in schemas),
        "schemas": [schema | {"schema_id": schema.get("schema")} for schema in schemas[:limit]],
    }
    execution = BulkExecution.model_validate(_totals(schemas) | given(**item) | own)
    execution.next_steps = _next_steps(execution, schemas)
    if len(schemas) > limit:
        rest = {"bulk_sync_id": bulk_sync_id, "execution_id": execution.id, "limit": len(schemas)}
        execution.truncated = [
            {
                "pointer": "/schemas",
                "shown": limit,
                "total": len(schemas),
                "rest": {"tool": "get_bulk_sync_execution", "arguments": rest},
            }
        ]
    return execution


def _totals(schemas: list[JsonObject]) -> JsonObject:
    """Add up the schemas' counts, for versions that do not (2024-02-08)."""
    names = ("record_count", "error_count", "warning_count")
    return {name: sum(int(schema.get(name) or 0) for schema in schemas) for name in names}


def _urgency(schema: JsonObject) -> tuple[bool, int, int]:
    """Sort what failed first, then by errors, then by records."""
    counts = [int(schema.get(name) or 0) for name in ("error_count", "record_count")]
    return schema.get("status") not in FAILED, -counts[0], -counts[1]


def _next_steps(execution: BulkExecution, schemas: list[JsonObject]) -> list[NextStep]:
    if execution.status not in OVER:
        return [_follow(execution.bulk_sync_id, execution.id, "It still runs: go on waiting.")]
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


def _follow(bulk_sync_id: str, execution_id: str | None, reason: str) -> NextStep:
    arguments = given(bulk_sync_id=bulk_sync_id, execution_id=execution_id, wait_seconds=60)
    return NextStep(tool="get_bulk_sync_execution", arguments=arguments, reason=reason)
