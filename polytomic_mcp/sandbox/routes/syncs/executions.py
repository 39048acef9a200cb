"""Executions of a sync: start, list, get and cancel them."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Call, Routes, public
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs import starts as sync_starts

_REQUEST: Final = ("resync", "test", "identities", "source_identities")


def start(call: Call) -> JsonObject:
    """Start a sync in the background. It may be inactive, since guides start such syncs manually."""
    sync = call.workspace.find("sync", call.arguments["id"])
    request = {key: call.arguments[key] for key in _REQUEST if key in call.arguments}
    return {"data": executions.reference(sync_starts.start(call.workspace, sync, request))}


def list_all(call: Call) -> JsonObject:
    """List a sync's executions in pages, newest first unless ``ascending`` is set."""
    sync = call.workspace.find("sync", call.arguments["sync_id"])
    found = executions.of_sync(call.workspace, sync["id"])
    if call.arguments.get("only_completed"):
        found = [execution for execution in found if execution["status"] not in executions.UNDER_WAY]
    shown, page = pagination.page(
        call,
        found,
        lambda execution: (execution["_number"],),
        ascending=call.arguments.get("ascending", False),
    )
    return {"data": [public(execution) for execution in shown], "pagination": page}


def get(call: Call) -> JsonObject:
    """Return one execution: its status, its counts so far and its first errors."""
    return {"data": public(executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"]))}


def get_status(call: Call) -> JsonObject:
    """Return the current execution, the last one that ended, and the time of the next one."""
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
    """Request the cancellation of one execution; it stops between two chunks."""
    execution = executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"])
    return {"data": {"message": executions.request_cancel(call.workspace, execution)}}


def cancel_current(call: Call) -> JsonObject:
    """Request the cancellation of a sync's current execution, if there is one."""
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
