"""Executions of syncs and bulk syncs: which is the latest, and what a late cancellation reports."""

from typing import Final

from polytomic_mcp.client import Polytomic
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
