"""The work that becomes tasks: runs of syncs and bulk syncs, and queries."""

from collections.abc import Collection
from typing import Any, Final

from mcp.server.mcpserver import Context

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.protocol.tasks.work import Outcome, Status, Work, Works
from polytomic_mcp.tools.answers.replies import answer
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.framework.arguments import caller_of

_ENDS: Final = frozenset({"completed", "done", "errors", "failed", "interrupted"})
_AT_ONCE: Final = {"wait_seconds": 0}
_ROWS: Final = 100


def works_of(toolsets: Collection[str]) -> Works:
    """Return the long work that the tools of these toolsets start. Other toolsets are not imported."""
    begun = {
        "syncs": ("start_sync", sync_run),
        "bulk_syncs": ("start_bulk_sync", bulk_run),
        "queries": ("run_query", query),
    }
    return {tool: work() for toolset, (tool, work) in begun.items() if toolset in toolsets}


def sync_run() -> Work:
    """Return how to follow a run of a sync."""
    from polytomic_mcp.tools.syncs import executions  # noqa: PLC0415 - only if the toolset is shown

    async def look(context: Context[Caller], sync_id: str, id_: str) -> Outcome:
        caller = await caller_of(context)
        return answer(await executions.read_execution(caller.api, sync_id, id_), caller.tools)

    async def stop(context: Context[Caller], sync_id: str, id_: str) -> None:
        operation = "POST /api/syncs/{sync_id}/executions/{id}/cancel"
        await (await caller_of(context)).api.call(operation, sync_id=sync_id, id=id_)

    return Work(_AT_ONCE, ("sync_id", "id"), look, status, executions.describe, stop)


def bulk_run() -> Work:
    """Return how to follow a run of a bulk sync."""
    from polytomic_mcp.tools.bulk_syncs import executions as bulk_executions  # noqa: PLC0415 - only if the toolset is shown

    async def look(context: Context[Caller], bulk_sync_id: str, id_: str) -> Outcome:
        caller = await caller_of(context)
        return answer(await bulk_executions.read_bulk_execution(caller.api, bulk_sync_id, id_), caller.tools)

    async def stop(context: Context[Caller], bulk_sync_id: str, id_: str) -> None:
        operation = "POST /api/bulk/syncs/{id}/executions/{exec_id}/cancel"
        await (await caller_of(context)).api.call(operation, id=bulk_sync_id, exec_id=id_)

    def describe(seen: JsonObject) -> str:
        return f"{seen['status']}: {seen.get('record_count', 0)} records, {seen.get('error_count', 0)} errors"

    return Work(_AT_ONCE, ("bulk_sync_id", "id"), look, status, describe, stop)


def query() -> Work:
    """Return how to follow a query. The API cannot stop one."""
    from polytomic_mcp.tools.models import queries  # noqa: PLC0415 - only if the toolset is shown

    async def look(context: Context[Caller], query_id: str, limit: Any = _ROWS) -> Outcome:
        caller = await caller_of(context)
        rows = await queries.run_query(caller, context, limit=int(limit), wait_seconds=0, query_id=query_id)
        return answer(rows, caller.tools)

    def describe(seen: JsonObject) -> str:
        return f"query {seen['status']}"

    reads = ("query_id", "page_token")
    return Work(_AT_ONCE, ("query_id",), look, status, describe, kept=("limit",), reads=reads)


def status(seen: JsonObject) -> Status:
    """Return the status of the task for the state of the work.

    A run that failed is a completed task, whose result says why. ``failed`` is for work whose call ended in
    an error of the protocol.
    """
    state = seen["status"]
    return "cancelled" if state == "canceled" else "completed" if state in _ENDS else "working"
