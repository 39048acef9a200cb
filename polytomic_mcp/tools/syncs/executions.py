"""Executions: one run of a sync, its counts, its errors and its logs."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import Context
from pydantic import BeforeValidator, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import ConflictError, RefusedError
from polytomic_mcp.tools.answers.results import AnyJson, NextStep, Refusal, Result, Source
from polytomic_mcp.tools.answers.truncation import room_beside
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.logs import read_log
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.framework.arguments import (
    Api,
    Limit,
    PageToken,
    Parsed,
    SyncId,
    TheCaller,
    refuse_boolean,
)

OVER: Final = frozenset({"completed", "failed", "canceled", "interrupted"})
NOTHING_RAN: Final = "Nothing was canceled: this run was over before."
FIRST_ERRORS: Final = 5
_UNFIT: Final = frozenset({400, 422})
_START: Final = "POST /api/syncs/{id}/executions"
_GET: Final = "GET /api/syncs/{sync_id}/executions/{id}"

Log = Literal["records", "errors", "warnings", "inserts", "updates", "deletes"]
Seconds = Annotated[
    float,
    Field(ge=0, le=600, description="Wait this long for the end"),
    BeforeValidator(refuse_boolean),
]


class Execution(Result):
    """A run: counts of rows, the first errors, and a log if one was asked for."""

    ROWS = frozenset({"log"})

    id: str
    sync_id: str
    status: str
    counts: dict[str, int] | None = None
    errors: list[str] | None = None
    log: list[AnyJson] | None = None
    log_count: Annotated[int | None, Field(description="Lines in the whole log")] = None
    next_page_token: str | None = None
    note: str | None = None

    def source(self) -> Source:
        """Return the API's own answer about the run."""
        return Source(_GET, {"sync_id": self.sync_id, "id": self.id}, {"errors": "/data/errors"})


async def start_sync(
    caller: TheCaller,
    context: Context[Caller],
    sync_id: SyncId,
    wait_seconds: Seconds = 30,
    resync: Annotated[bool | None, Field(description="All rows, not only changes")] = None,
    test: Annotated[bool | None, Field(description="A trial with a few rows")] = None,
    identities: Annotated[list[str] | None, Field(description="Only these target identities")] = None,
    source_identities: Annotated[
        list[Any] | None,
        Parsed,
        Field(
            description='Only these: [[{"source": {"model_id", "field"}, "value"}]], a list for each record'
        ),
    ] = None,
) -> Execution:
    """Run a sync now and wait for its end, with progress. Answers counts and the first errors.

    Still running when the time is up? get_sync_execution goes on waiting.
    """
    sync = await find(caller.api, SYNC, sync_id)
    optional = given(resync=resync, test=test, identities=identities, source_identities=source_identities)
    try:
        started = await data_of(caller.api, _START, id=sync["id"], **optional)
    except RefusedError as refused:
        if (step := _remedy(refused, sync["id"])) is None:
            raise
        raise Refusal(str(refused), step) from refused
    return await _followed(caller, context, sync["id"], str(started.get("id")), wait_seconds, started)


async def get_sync_execution(
    caller: TheCaller,
    context: Context[Caller],
    sync_id: SyncId,
    execution_id: Annotated[str | None, Field(description="Default: the latest")] = None,
    wait_seconds: Seconds = 0,
    log: Annotated[
        Log | None, Field(description="Also this log: rows written, or rows refused and why")
    ] = None,
    query: Annotated[str | None, Field(description="Only log lines with this text")] = None,
    limit: Limit = 20,
    page_token: PageToken = None,
) -> Execution:
    """Get a run of a sync: status, counts, errors; on demand lines of a log, the newest first."""
    sync = await find(caller.api, SYNC, sync_id)
    execution_id = execution_id or await _latest(caller.api, sync)
    execution = await _followed(caller, context, sync["id"], execution_id, wait_seconds)
    if log is not None:
        execution.next_steps = None
        where = {"sync_id": execution.sync_id, "id": execution.id}
        page = await read_log(
            caller.api,
            where,
            log,
            query=query,
            limit=limit,
            page_token=page_token,
            room=room_beside(execution.model_dump(mode="json")),
        )
        execution.log, execution.log_count = page.lines, page.count
        execution.next_page_token = page.next_page_token
    return execution


async def cancel_sync(
    api: Api,
    sync_id: SyncId,
    execution_id: Annotated[str | None, Field(description="Default: whatever runs")] = None,
) -> Execution:
    """Stop a running sync. It ends soon after: get_sync_execution shows when."""
    sync = await find(api, SYNC, sync_id)
    target = execution_id or await _latest(api, sync)
    before = await read_execution(api, sync["id"], target)
    if execution_id is None:
        await api.call("POST /api/syncs/{id}/cancel", id=sync["id"])
    else:
        await api.call(
            "POST /api/syncs/{sync_id}/executions/{id}/cancel", sync_id=sync["id"], id=execution_id
        )
    execution = await read_execution(api, sync["id"], target)
    if before.status in OVER:
        execution.note = NOTHING_RAN
    return execution


async def latest_id(api: Polytomic, sync_id: str) -> str | None:
    """Return the id of the run under way, or else of the last; None before the first."""
    status = await data_of(api, "GET /api/syncs/{id}/status", id=sync_id)
    ids = (as_object(status.get(part)).get("id") for part in ("current_execution", "last_execution"))
    return next((id_ for id_ in ids if id_), None)


async def read_execution(api: Polytomic, sync_id: str, execution_id: str) -> Execution:
    """Read a run as the tools answer it."""
    return _execution(sync_id, await _get(api, sync_id, execution_id))


def describe(seen: JsonObject) -> str:
    """Say in a line how far a run is, for a person who waits."""
    counts = ", ".join(f"{count} {name}" for name, count in as_object(seen.get("counts")).items() if count)
    return f"{seen.get('status')}{': ' if counts else ''}{counts}"


async def _followed(
    caller: Caller,
    context: Context[Caller],
    sync_id: str,
    execution_id: str,
    seconds: float,
    known: JsonObject | None = None,
) -> Execution:
    seen = await wait(
        caller,
        context,
        lambda: _get(caller.api, sync_id, execution_id),
        is_over=lambda seen: seen.get("status") in OVER,
        describe=describe,
        seconds=seconds,
        known=known,
    )
    return _execution(sync_id, seen)


async def _get(api: Polytomic, sync_id: str, execution_id: str) -> JsonObject:
    return await data_of(api, _GET, sync_id=sync_id, id=execution_id)


async def _latest(api: Polytomic, sync: JsonObject) -> str:
    if id_ := await latest_id(api, sync["id"]):
        return id_
    raise Refusal(
        f"The sync {quoted(str(sync.get('name')))} has never run; start_sync runs it.",
        NextStep(tool="start_sync", arguments={"sync_id": sync["id"]}, reason="runs it now"),
    )


def _execution(sync_id: str, item: JsonObject) -> Execution:
    errors = as_list(item.get("errors"))[:FIRST_ERRORS]
    counts = given(**as_object(item.get("counts")))
    execution = Execution.model_validate(item | {"sync_id": sync_id, "counts": counts, "errors": errors})
    execution.next_steps = list(_next_steps(execution)) or None
    return execution


def _remedy(refused: RefusedError, sync_id: str) -> NextStep | None:
    """Lead on from a start that was refused: wait for the run under way, or see what is wrong."""
    here: JsonObject = {"sync_id": sync_id}
    if isinstance(refused, ConflictError):
        there = here | {"wait_seconds": 60}
        return NextStep(tool="get_sync_execution", arguments=there, reason="waits for the run under way")
    if refused.status in _UNFIT:
        return NextStep(tool="diagnose_sync", arguments=here, reason="tells what is wrong")
    return None


def _next_steps(execution: Execution) -> Iterator[NextStep]:
    where = {"sync_id": execution.sync_id, "execution_id": execution.id}
    if execution.status not in OVER:
        yield NextStep(
            tool="get_sync_execution", arguments=where | {"wait_seconds": 60}, reason="waits for its end"
        )
    elif execution.status == "failed" or (execution.counts or {}).get("error"):
        sync = {"sync_id": execution.sync_id}
        yield NextStep(tool="diagnose_sync", arguments=sync, reason="groups what went wrong by cause")
        log = where | {"log": "errors"}
        yield NextStep(tool="get_sync_execution", arguments=log, reason="shows each refused row")
