"""What a bulk sync does now: its latest execution, and each schema's latest."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.workspace.workspace import Workspace

INGESTION: Final[Mapping[str, Any]] = {
    "enabled": False,
    "is_running": False,
    "status": "ok",
    "status_message": None,
    "position": None,
    "position_time": None,
    "highwater_mark": None,
    "updated_at": None,
}
"""The state of a change stream: nothing in the sandbox streams changes."""

_SHOWN: Final = ("schema", "status", "status_message", *bulk_executions.COUNTS, "started_at", "completed_at")


def describe(workspace: Workspace, sync: JsonObject) -> JsonObject:
    """Return each schema at most once, with the latest execution that it was part of."""
    latest: dict[str, JsonObject] = {}
    executions = bulk_executions.of_sync(workspace, sync["id"])
    for execution in executions:
        for entry in execution["schemas"]:
            shown = {key: entry[key] for key in _SHOWN}
            latest[entry["schema"]] = {**shown, "execution_id": execution["id"]}
    return {
        "sync_id": sync["id"],
        "status": executions[-1]["status"] if executions else None,
        "nextExecutionTime": timetable.show_next_time(workspace, bulk_syncs.KIND, sync),
        "schemas": [*latest.values()],
    }
