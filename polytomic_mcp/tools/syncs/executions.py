"""Executions: the runs of a sync, with their counts, errors and logs."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.answers.results import DATA, AnyJson, NextStep, Refusal, Result, Source, WaitingStep
from polytomic_mcp.tools.answers.schedules import switching_on
from polytomic_mcp.tools.answers.truncation import room_beside
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.executions import ALREADY_ENDED, latest_execution_id, skipped_rows
from polytomic_mcp.tools.api_access.logs import read_log
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of, identified
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.framework.arguments import Api, Limit, PageToken, SyncId, TheCaller, WaitSeconds

OVER: Final = frozenset({"completed", "failed", "canceled", "interrupted"})
FIRST_ERRORS: Final = 5
_GET: Final = "GET /api/syncs/{sync_id}/executions/{id}"
_NO_ROWS: Final = (
    "No row was written: the run found none that passes the filters and is new or changed since the last run "
    "(resync takes all), or none of the records asked for. diagnose_sync measures which."
)
_EMPTIED: Final = (
    "The run found no row to write and deleted {deleted} records, since the sync's mode keeps only what it "
    "writes. diagnose_sync measures why there was no row."
)

Log = Literal["records", "errors", "warnings", "inserts", "updates", "deletes"]


class Execution(Result):
    """A run: its counts of rows, its first errors, and log lines if asked for."""

    ROWS = frozenset({"log"})

    id: str
    sync_id: str
    status: str
    counts: dict[str, int] | None = None
    errors: list[str] | None = None
    log: Annotated[list[AnyJson] | None, DATA] = None
    log_count: Annotated[int | None, Field(description="Lines in the whole log")] = None
    next_page_token: str | None = None
    note: str | None = None

    def source(self) -> Source:
        """Return where the API answers the run."""
        return Source(_GET, {"sync_id": self.sync_id, "id": self.id}, {"errors": "/data/errors"})


async def get_sync_execution(
    caller: TheCaller,
    context: Context[Caller],
    sync_id: SyncId,
    execution_id: Annotated[str | None, Field(description="Default: the latest")] = None,
    wait_seconds: WaitSeconds = 0,
    log: Annotated[
        Log | None, Field(description="Also lines of this log: rows written, or rows rejected and why")
    ] = None,
    query: Annotated[str | None, Field(description="Only log lines with this text")] = None,
    limit: Limit = 20,
    page_token: PageToken = None,
) -> Execution:
    """Get a run of a sync: status, counts, errors and, on request, log lines, newest first."""
    sync = await find(caller.api, SYNC, sync_id)
    execution_id = execution_id or await _latest(caller.api, sync)
    execution = await _followed(caller, context, sync, execution_id, wait_seconds)
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
    execution_id: Annotated[str | None, Field(description="Default: the current run")] = None,
) -> Execution:
    """Cancel a running sync. It ends soon after; get_sync_execution shows when."""
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
        execution.note = ALREADY_ENDED
    return execution


async def latest_id(api: Polytomic, sync_id: str) -> str | None:
    """Return the id of the current run, or else of the last; None if the sync has never run."""
    return await latest_execution_id(api, "GET /api/syncs/{id}/status", sync_id)


async def read_execution(api: Polytomic, sync_id: str, execution_id: str) -> Execution:
    """Read a run as the tools return it."""
    return _execution({"id": sync_id}, await _get(api, sync_id, execution_id))


async def follow_execution(
    caller: Caller, context: Context[Caller], sync: JsonObject, started: JsonObject, seconds: float | None
) -> Execution:
    """Wait for a run of a sync that was just started to end, and return it as the tools do."""
    id_ = identified("POST /api/syncs/{id}/executions", started)["id"]
    return await _followed(caller, context, sync, id_, seconds, started)


def describe(seen: JsonObject) -> str:
    """Describe the progress of a run in one line, for the user who waits."""
    counts = ", ".join(f"{count} {name}" for name, count in as_object(seen.get("counts")).items() if count)
    return f"{seen.get('status')}{': ' if counts else ''}{counts}"


async def _followed(
    caller: Caller,
    context: Context[Caller],
    sync: JsonObject,
    execution_id: str,
    seconds: float | None,
    known: JsonObject | None = None,
) -> Execution:
    seen = await wait(
        caller,
        context,
        lambda: _get(caller.api, sync["id"], execution_id),
        is_over=lambda seen: str(seen.get("status")) in OVER,
        describe=describe,
        seconds=seconds,
        known=known,
    )
    return _execution(sync, seen)


async def _get(api: Polytomic, sync_id: str, execution_id: str) -> JsonObject:
    return await data_of(api, _GET, sync_id=sync_id, id=execution_id)


async def _latest(api: Polytomic, sync: JsonObject) -> str:
    if id_ := await latest_id(api, sync["id"]):
        return id_
    raise Refusal(
        f"The sync {quoted(str(sync.get('name')))} has never run. Call start_sync to run it.",
        NextStep(tool="start_sync", arguments={"sync_id": sync["id"]}, reason="runs it now"),
    )


def _execution(sync: JsonObject, item: JsonObject) -> Execution:
    errors = as_list(item.get("errors"))[:FIRST_ERRORS]
    counts = given(**as_object(item.get("counts")))
    execution = Execution.model_validate(item | {"sync_id": sync["id"], "counts": counts, "errors": errors})
    execution.note = _note(item)
    steps = [*_next_steps(execution)]
    if execution.status in OVER:
        steps += switching_on("update_sync", "sync_id", sync, as_objects([sync.get("schedule")]))
    execution.next_steps = steps or None
    return execution


def _note(item: JsonObject) -> str | None:
    """Say what the counts of a completed run do not: that there were no rows, or that some were left out."""
    counts = as_object(item.get("counts"))
    if item.get("status") != "completed":
        return None
    if counts.get("total") == 0:
        return _EMPTIED.format(deleted=counts["delete"]) if counts.get("delete") else _NO_ROWS
    if left_out := skipped_rows(item):
        return (
            f"{left_out} of {counts['total']} rows were neither written nor rejected. diagnose_sync says why."
        )
    return None


def _next_steps(execution: Execution) -> Iterator[NextStep]:
    this = {"sync_id": execution.sync_id, "execution_id": execution.id}
    sync = {"sync_id": execution.sync_id}
    if execution.status not in OVER:
        yield WaitingStep(tool="get_sync_execution", arguments=this, reason="waits for it to end")
    elif execution.status == "failed" or (execution.counts or {}).get("error"):
        yield NextStep(tool="diagnose_sync", arguments=sync, reason="groups the errors by cause")
        log = this | {"log": "errors"}
        yield NextStep(tool="get_sync_execution", arguments=log, reason="shows each rejected row")
    elif execution.note:
        yield NextStep(tool="diagnose_sync", arguments=sync, reason="measures why rows did not arrive")
