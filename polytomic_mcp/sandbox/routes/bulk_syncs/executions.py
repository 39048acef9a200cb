"""The executions of a bulk sync: start, list, read and cancel them, and show the status."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Call, Routes, public
from polytomic_mcp.sandbox.resources.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import starts as bulk_starts
from polytomic_mcp.sandbox.resources.schedules import timetable

_LARGEST_PAGE: Final = 100
_REQUEST: Final = ("fetch_mode", "resync_mode", "schemas", "test")


def start(call: Call) -> JsonObject:
    """Start a bulk sync in the background, even if it is inactive."""
    sync = call.workspace.find(bulk_syncs.KIND, call.arguments["id"])
    request = {key: call.arguments[key] for key in _REQUEST if key in call.arguments}
    return {"data": public(bulk_starts.start(call.workspace, sync, request))}


def list_all(call: Call) -> JsonObject:
    """List the executions in pages, newest first, or by last change with ``only_terminal``."""
    sync = call.workspace.find(bulk_syncs.KIND, call.arguments["id"])
    found = bulk_executions.of_sync(call.workspace, sync["id"])
    is_terminal = call.arguments.get("only_terminal", False)
    if is_terminal:
        found = [each for each in found if each["status"] not in bulk_executions.UNDER_WAY]
    shown, page = pagination.page(
        call,
        found,
        lambda each: (each["updated_at"] if is_terminal else "", each["_number"]),
        largest=_LARGEST_PAGE,
        ascending=call.arguments.get("ascending", False),
    )
    return {"data": [public(each) for each in shown], "pagination": page}


def get(call: Call) -> JsonObject:
    """Return one execution, with an entry for each schema."""
    return {
        "data": public(bulk_executions.find(call.workspace, call.arguments["id"], call.arguments["exec_id"]))
    }


def cancel(call: Call) -> JsonObject:
    """Ask one execution to stop, which it does after the current chunk."""
    execution = bulk_executions.find(call.workspace, call.arguments["id"], call.arguments["exec_id"])
    return {"data": {"message": bulk_executions.request_cancel(call.workspace, execution)}}


def cancel_current(call: Call) -> JsonObject:
    """Ask the execution that is under way to stop, if there is one."""
    sync = call.workspace.find(bulk_syncs.KIND, call.arguments["id"])
    current = bulk_executions.current(call.workspace, sync["id"])
    if current is None:
        return {"data": {"message": f"Bulk sync {sync['name']} is not running."}}
    return {"data": {"message": bulk_executions.request_cancel(call.workspace, current)}}


def get_status(call: Call) -> JsonObject:
    """Return the execution that is under way, the last one that ended, and when the next one is due."""
    workspace = call.workspace
    sync = workspace.find(bulk_syncs.KIND, call.arguments["id"])
    current = bulk_executions.current(workspace, sync["id"])
    ended = [
        each
        for each in bulk_executions.of_sync(workspace, sync["id"])
        if each["status"] not in bulk_executions.UNDER_WAY
    ]
    return {
        "data": {
            "current_execution": current and public(current),
            "last_execution": public(ended[-1]) if ended else None,
            "next_execution_time": timetable.show_next_time(workspace, bulk_syncs.KIND, sync),
            "ingestion_status": bulk_executions.INGESTION,
        }
    }


def get_dashboard(call: Call) -> JsonObject:
    """Return the status of all bulk syncs, the active ones, or those named by ``sync_id``."""
    syncs = call.workspace.store.list(bulk_syncs.KIND)
    if call.arguments.get("all"):
        pass
    elif call.arguments.get("active"):
        syncs = [sync for sync in syncs if sync["active"]]
    else:
        syncs = [call.workspace.find(bulk_syncs.KIND, id_) for id_ in call.arguments.get("sync_id", [])]
    return {"data": [bulk_executions.describe_status(call.workspace, sync) for sync in syncs]}


ROUTES: Final[Routes] = {
    "POST /api/bulk/syncs/{id}/executions": start,
    "GET /api/bulk/syncs/{id}/executions": list_all,
    "GET /api/bulk/syncs/{id}/executions/{exec_id}": get,
    "POST /api/bulk/syncs/{id}/executions/{exec_id}/cancel": cancel,
    "POST /api/bulk/syncs/{id}/cancel": cancel_current,
    "GET /api/bulk/syncs/{id}/status": get_status,
    "GET /api/bulk/syncs/status": get_dashboard,
}
