"""The work that Polytomic does as tasks: runs of syncs and of bulk syncs, and queries."""

from collections.abc import Collection
from typing import Final

from polytomic_mcp.tasks.work import Outcome, Status, Work, Works
from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.json_values import JsonObject
from polytomic_mcp.tools.replies import answer

_ENDS: Final = frozenset({"completed", "failed", "interrupted"})


def works_of(toolsets: Collection[str]) -> Works:
    """Return the long work that tools of these toolsets begin; other toolsets are not imported for it."""
    return _sync_runs() if "syncs" in toolsets else {}


def _sync_runs() -> Works:
    from polytomic_mcp.tools import executions  # noqa: PLC0415 - only where the toolset is wanted

    async def look(caller: Caller, sync_id: str, id_: str) -> Outcome:
        return answer(await executions.read_execution(caller.api, sync_id, id_), caller.tools)

    async def stop(caller: Caller, sync_id: str, id_: str) -> None:
        await caller.api.call("POST /api/syncs/{sync_id}/executions/{id}/cancel", sync_id=sync_id, id=id_)

    return {
        "start_sync": Work(
            {"wait_seconds": 0}, ("sync_id", "id"), look, _status, describe=executions.describe, stop=stop
        )
    }


def _status(seen: JsonObject) -> Status:
    """Return what a run's state is to a task: one that failed has an outcome to read, like any other end."""
    state = seen.get("status")
    return "cancelled" if state == "canceled" else "completed" if state in _ENDS else "working"
