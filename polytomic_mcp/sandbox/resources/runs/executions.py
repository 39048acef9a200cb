"""A sync's runs: their documents, and the states they go through.

``created`` and ``running`` are under way, ``canceling`` asks a running one to stop; the others are
terminal. Names seen in the 2025-09-18 SDK.
"""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.resources.runs import logs, sync_events
from polytomic_mcp.sandbox.workspace.workspace import Workspace

UNDER_WAY: Final = ("created", "running", "canceling")
COUNTS: Final = ("insert", "update", "upserts", "delete", "error", "total", "warnings")
_VERSION: Final = "sandbox"


def of_sync(workspace: Workspace, sync_id: str) -> list[JsonObject]:
    """Return a sync's executions, oldest first."""
    return workspace.store.list("execution", {"_sync_id": sync_id})


def create(workspace: Workspace, sync_id: str, request: JsonObject) -> JsonObject:
    """Store a new execution; ``request`` is what its start asked for (``test``, ``resync``, ...)."""
    execution: JsonObject = {
        "id": workspace.new_id(),
        "status": "created",
        "type": "test" if request.get("test") else "resync" if request.get("resync") else "sync",
        "counts": dict.fromkeys(COUNTS, 0),
        "errors": [],
        "created_at": workspace.now(),
        "started_at": None,
        "completed_at": None,
        "version": _VERSION,
        "_sync_id": sync_id,
        "_number": len(of_sync(workspace, sync_id)) + 1,
        "_request": request,
    }
    save(workspace, execution)
    return execution


def save(workspace: Workspace, execution: JsonObject) -> None:
    """Store the execution as it is now."""
    workspace.store.put("execution", execution["id"], execution)


def find(workspace: Workspace, sync_id: str, id_: str) -> JsonObject:
    """Return a sync's execution, or refuse with 404."""
    workspace.find("sync", sync_id)
    execution = workspace.find("execution", id_)
    if execution["_sync_id"] != sync_id:
        raise not_found("execution", id_)
    return execution


def current(workspace: Workspace, sync_id: str) -> JsonObject | None:
    """Return the execution that is under way, or None."""
    return next((each for each in of_sync(workspace, sync_id) if each["status"] in UNDER_WAY), None)


def begin(workspace: Workspace, execution: JsonObject) -> None:
    """Store the execution's start, and tell of it."""
    begun = execution | {"status": "running", "started_at": workspace.now()}
    save(workspace, begun)
    sync_events.record(workspace, begun)


def finish(workspace: Workspace, execution: JsonObject, status: str, error: str | None = None) -> None:
    """Store the execution's end, and tell of it; ``error`` says why it failed."""
    if error is not None:
        execution["errors"] = [error, *execution["errors"]]
    ended = execution | {"status": status, "completed_at": workspace.now()}
    with workspace.store.transaction():
        save(workspace, ended)
        sync_events.record(workspace, ended)


def request_cancel(workspace: Workspace, execution: JsonObject) -> str:
    """Ask the execution to stop and return what became of that."""
    if execution["status"] not in UNDER_WAY:
        return f"Execution {execution['id']} is {execution['status']} already."
    save(workspace, execution | {"status": "canceling"})
    return f"Execution {execution['id']} is being canceled."


def interrupt_all(workspace: Workspace) -> None:
    """End what was under way when an earlier process ended; to be called before anything starts."""
    for execution in workspace.store.list("execution"):
        if execution["status"] in UNDER_WAY:
            finish(workspace, execution, "interrupted", "The sandbox was restarted while this ran.")


def forget(workspace: Workspace, sync_id: str) -> None:
    """Remove a sync's executions with their logs."""
    with workspace.store.transaction():
        for execution in of_sync(workspace, sync_id):
            logs.forget(workspace, execution["id"])
            workspace.store.delete("execution", execution["id"])


def reference(execution: JsonObject) -> dict[str, Any]:
    """Return what a start answers."""
    return {key: execution[key] for key in ("id", "status", "created_at")}
