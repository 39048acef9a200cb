"""Executions of syncs and bulk syncs: which is the latest, and what a late cancellation reports."""

from typing import Final

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import as_object
from polytomic_mcp.tools.api_access.responses import data_of

ALREADY_ENDED: Final = "Nothing was canceled: the run had already ended."


async def latest_execution_id(api: Polytomic, status_operation: str, sync_id: str) -> str | None:
    """Return the id of the running execution, or else of the last; None if the sync has never run."""
    status = await data_of(api, status_operation, id=sync_id)
    ids = (as_object(status.get(part)).get("id") for part in ("current_execution", "last_execution"))
    return next((id_ for id_ in ids if id_), None)
