"""Executions: one run of a sync, its counts, its errors and its logs."""

import json
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BeforeValidator, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.tools.answers import data_of
from polytomic_mcp.tools.arguments import Api, Limit, Parsed, SyncId, TheCaller, refuse_boolean
from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.merging import given
from polytomic_mcp.tools.names import SYNC, find
from polytomic_mcp.tools.results import Result
from polytomic_mcp.tools.waiting import wait

OVER: Final = frozenset({"completed", "failed", "canceled", "interrupted"})
FIRST_ERRORS: Final = 5

Log = Literal["records", "errors", "warnings", "inserts", "updates", "deletes"]
Seconds = Annotated[
    float,
    Field(ge=0, le=600, description="Wait this long for the end"),
    BeforeValidator(refuse_boolean),
]


class Execution(Result):
    """A run: counts of rows, the first errors, and a log if one was asked for."""

    id: str
    sync_id: str
    status: str
    counts: dict[str, int] | None = None
    errors: list[str] | None = None
    log: list[Any] | None = None
    log_count: Annotated[int | None, Field(description="Lines in the whole log")] = None


async def start_sync(
    caller: TheCaller,
    context: Context[Caller],
    sync_id: SyncId,
    wait_seconds: Seconds = 30,
    resync: Annotated[bool | None, Field(description="All rows, not only changes")] = None,
    test: Annotated[bool | None, Field(description="A trial with a few rows")] = None,
    identities: Annotated[list[str] | None, Field(description="Only these target identities")] = None,
    source_identities: Annotated[
        list[Any] | None, Parsed, Field(description="Only these source identities")
    ] = None,
) -> Execution:
    """Run a sync now and wait for its end, with progress. Answers counts and the first errors.

    Still running when the time is up? get_sync_execution goes on waiting.
    """
    sync = await find(caller.api, SYNC, sync_id)
    optional = given(resync=resync, test=test, identities=identities, source_identities=source_identities)
    started = await data_of(caller.api, "POST /api/syncs/{id}/executions", id=sync["id"], **optional)
    return await _followed(caller, context, sync["id"], str(started.get("id")), wait_seconds)


async def get_sync_execution(
    caller: TheCaller,
    context: Context[Caller],
    sync_id: SyncId,
    execution_id: Annotated[str | None, Field(description="Default: the latest")] = None,
    wait_seconds: Seconds = 0,
    log: Annotated[
        Log | None, Field(description="Also this log: rows written, or rows refused and why")
    ] = None,
    limit: Limit = 20,
) -> Execution:
    """Get a run of a sync: status, counts, errors; on demand lines of a log."""
    sync = await find(caller.api, SYNC, sync_id)
    execution_id = execution_id or await _latest(caller.api, sync)
    execution = await _followed(caller, context, sync["id"], execution_id, wait_seconds)
    if log is not None:
        execution.log_count, execution.log = await _read_log(caller.api, execution, log, limit)
    return execution


async def cancel_sync(
    api: Api,
    sync_id: SyncId,
    execution_id: Annotated[str | None, Field(description="Default: whatever runs")] = None,
) -> Execution:
    """Stop a running sync. It ends soon after: get_sync_execution shows when."""
    sync = await find(api, SYNC, sync_id)
    target = execution_id or await _latest(api, sync)
    if execution_id is None:
        await api.call("POST /api/syncs/{id}/cancel", id=sync["id"])
    else:
        await api.call(
            "POST /api/syncs/{sync_id}/executions/{id}/cancel", sync_id=sync["id"], id=execution_id
        )
    return _execution(sync["id"], await _get(api, sync["id"], target))


async def _followed(
    caller: Caller, context: Context[Caller], sync_id: str, execution_id: str, seconds: float
) -> Execution:
    seen = await wait(
        caller,
        context,
        lambda: _get(caller.api, sync_id, execution_id),
        is_over=lambda seen: seen.get("status") in OVER,
        describe=_describe,
        seconds=seconds,
    )
    return _execution(sync_id, seen)


async def _get(api: Polytomic, sync_id: str, execution_id: str) -> JsonObject:
    operation = "GET /api/syncs/{sync_id}/executions/{id}"
    return await data_of(api, operation, sync_id=sync_id, id=execution_id)


async def _latest(api: Polytomic, sync: JsonObject) -> str:
    status = await data_of(api, "GET /api/syncs/{id}/status", id=sync["id"])
    for part in ("current_execution", "last_execution"):
        if id_ := as_object(status.get(part)).get("id"):
            return id_
    raise ToolError(f"The sync {sync.get('name')!r} has never run; start_sync runs it.")


async def _read_log(
    api: Polytomic, execution: Execution, log: Log, limit: int
) -> tuple[int | None, list[Any]]:
    """Return how many lines the log has, and the first ``limit`` of them."""
    where: JsonObject = {"sync_id": execution.sync_id, "id": execution.id}
    index = await data_of(api, "GET /api/syncs/{sync_id}/executions/{id}/logs", **where)
    entry = as_object(index.get(log))
    lines: list[Any] = []
    if entry.get("count") != 0:
        answer = await data_of(api, "GET /api/syncs/{sync_id}/executions/{id}/{type}", type=log, **where)
        for url in as_list(answer.get("urls")):
            if len(lines) >= limit:
                break
            lines += await _read_file(api, where, log, str(url))
    return entry.get("count"), lines[:limit]


async def _read_file(api: Polytomic, where: JsonObject, log: Log, url: str) -> list[Any]:
    filename = unquote(url.partition("?")[0].rsplit("/", 1)[-1])
    operation = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"
    content = await api.call(operation, type=log, filename=filename, **where)
    if not isinstance(content, str):
        raise ToolError(
            f"The log file {filename} of the execution {where['id']} is no text to be shown here."
        )
    return [_line(line) for line in content.split("\n") if line]


def _line(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _execution(sync_id: str, item: JsonObject) -> Execution:
    errors = as_list(item.get("errors"))[:FIRST_ERRORS]
    counts = given(**as_object(item.get("counts")))
    return Execution.model_validate(item | {"sync_id": sync_id, "counts": counts, "errors": errors})


def _describe(seen: JsonObject) -> str:
    """Say in a line how far a run is, for a person who waits."""
    counts = ", ".join(f"{count} {name}" for name, count in as_object(seen.get("counts")).items() if count)
    return f"{seen.get('status')}{': ' if counts else ''}{counts}"
