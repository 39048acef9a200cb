"""Executions of syncs and bulk syncs: the latest, what one left out, and what a late cancellation reports."""

from typing import Final

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.api_access.responses import data_of, identified, object_in

ALREADY_ENDED: Final = "Nothing was canceled: the run had already ended."


async def latest_execution_id(api: Polytomic, status_operation: str, sync_id: str) -> str | None:
    """Return the id of the running execution, or else of the last; None if the sync has never run.

    Raises:
        UnexpectedAnswerError: What is in the place of an execution is none, or has no id.
    """
    status = await data_of(api, status_operation, id=sync_id)
    for part in ("current_execution", "last_execution"):
        if status.get(part):
            return identified(status_operation, object_in(status_operation, status, part))["id"]
    return None


def skipped_rows(execution: JsonObject) -> int:
    """Return how many rows a run of a sync read and neither wrote nor rejected; 0 for a test.

    A run that deletes without writing removes what matches; else deletions are of rows that it did not read.
    """
    counts = as_object(execution.get("counts"))
    written = sum(int(counts.get(name) or 0) for name in ("insert", "update", "upserts"))
    done = (written or int(counts.get("delete") or 0)) + int(counts.get("error") or 0)
    is_known = execution.get("type") != "test" and "update" in counts
    return max(int(counts.get("total") or 0) - done, 0) if is_known else 0
