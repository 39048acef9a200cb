"""Runs of a sync: start, follow, list and cancel them."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Call, Routes, public
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs import starts as sync_starts

_REQUEST: Final = ("resync", "test", "identities", "source_identities")


def start(call: Call) -> JsonObject:
    """Start a sync beside the call; an inactive one too, since guides start syncs by hand."""
    sync = call.workspace.find("sync", call.arguments["id"])
    request = {key: call.arguments[key] for key in _REQUEST if key in call.arguments}
    return {"data": executions.reference(sync_starts.start(call.workspace, sync, request))}


def list_all(call: Call) -> JsonObject:
    """List a sync's executions in pages, newest first unless asked otherwise."""
    sync = call.workspace.find("sync", call.arguments["sync_id"])
    found = executions.of_sync(call.workspace, sync["id"])
    if call.arguments.get("only_completed"):
        found = [execution for execution in found if execution["status"] not in executions.UNDER_WAY]
    shown, page = pagination.page(
        found,
        lambda execution: (execution["_number"],),
        token=call.arguments.get("page_token"),
        ascending=call.arguments.get("ascending", False),
    )
    return {"data": [public(execution) for execution in shown], "pagination": page}


def get(call: Call) -> JsonObject:
    """Answer with one execution: its status, its counts so far and its first errors."""
    return {"data": public(executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"]))}


def get_status(call: Call) -> JsonObject:
    """Answer with the execution under way, the last one that ended, and when the next one is due."""
    workspace = call.workspace
    sync = workspace.find("sync", call.arguments["id"])
    current = executions.current(workspace, sync["id"])
    ended = [
        each
        for each in executions.of_sync(workspace, sync["id"])
        if each["status"] not in executions.UNDER_WAY
    ]
    return {
        "data": {
            "current_execution": current and public(current),
            "last_execution": public(ended[-1]) if ended else None,
            "next_execution_time": timetable.show_next_time(workspace, "sync", sync),
        }
    }


def cancel(call: Call) -> JsonObject:
    """Ask one execution to stop; it does so between two chunks."""
    execution = executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"])
    return {"data": {"message": executions.request_cancel(call.workspace, execution)}}


def cancel_current(call: Call) -> JsonObject:
    """Ask a sync's execution to stop, if one is under way."""
    sync = call.workspace.find("sync", call.arguments["id"])
    current = executions.current(call.workspace, sync["id"])
    if current is None:
        return {"data": {"message": f"Sync {sync['name']} is not running."}}
    return {"data": {"message": executions.request_cancel(call.workspace, current)}}


ROUTES: Final[Routes] = {
    "POST /api/syncs/{id}/executions": start,
    "GET /api/syncs/{sync_id}/executions": list_all,
    "GET /api/syncs/{sync_id}/executions/{id}": get,
    "GET /api/syncs/{id}/status": get_status,
    "POST /api/syncs/{sync_id}/executions/{id}/cancel": cancel,
    "POST /api/syncs/{id}/cancel": cancel_current,
}
