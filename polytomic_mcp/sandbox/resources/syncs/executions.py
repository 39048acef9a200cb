"""A model sync's executions: the documents, and the states they go through.

``created`` and ``running`` are under way, and ``canceling`` is running but asked to stop; the other states
are final. The names are seen in the 2025-09-18 SDK.
"""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.resources.runs.history import UNDER_WAY
from polytomic_mcp.sandbox.resources.syncs import events
from polytomic_mcp.sandbox.workspace.workspace import Workspace

COUNTS: Final = ("insert", "update", "upserts", "delete", "error", "total", "warnings")

HANGS: Final = "_hangs"
"""Marks an execution that no worker runs: it stays under way until it is canceled."""

_SYNC: Final = "sync"
_KIND: Final = history.KINDS[_SYNC]
_VERSION: Final = "sandbox"
_INTERRUPTED: Final = "The sandbox was restarted during this execution."


def of_sync(workspace: Workspace, sync_id: str) -> list[JsonObject]:
    """Return a sync's executions, oldest first."""
    return history.of_sync(workspace, _SYNC, sync_id)


def current(workspace: Workspace, sync_id: str) -> JsonObject | None:
    """Return the execution that is under way, or None."""
    return history.current(workspace, _SYNC, sync_id)


def find(workspace: Workspace, sync_id: str, id_: str) -> JsonObject:
    """Return a sync's execution.

    Raises:
        RefusalError: 404, the sync does not exist or has no such execution.
    """
    return history.find(workspace, _SYNC, sync_id, id_)


def create(workspace: Workspace, sync_id: str, request: JsonObject) -> JsonObject:
    """Store a new execution and return it; ``request`` holds the arguments of its start (``test``, ...)."""
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
    """Store a changed execution."""
    workspace.store.put(_KIND, execution["id"], execution)


def begin(workspace: Workspace, execution: JsonObject) -> None:
    """Store that the execution is running, and record the event."""
    begun = execution | {"status": "running", "started_at": workspace.now()}
    save(workspace, begun)
    events.record(workspace, begun)


def finish(workspace: Workspace, execution: JsonObject, status: str, error: str | None = None) -> None:
    """Store that the execution ended with a status, and record the event; ``error`` is why it failed."""
    if error is not None:
        execution["errors"] = [error, *execution["errors"]]
    ended = execution | {"status": status, "completed_at": workspace.now()}
    with workspace.store.transaction():
        save(workspace, ended)
        events.record(workspace, ended)


def request_cancel(workspace: Workspace, execution: JsonObject) -> str:
    """Ask the execution to stop and return a message about the outcome."""
    if execution["status"] not in UNDER_WAY:
        return f"Execution {execution['id']} is already {execution['status']}."
    if execution.get(HANGS):
        finish(workspace, execution, "canceled")
        return f"Execution {execution['id']} is canceled."
    save(workspace, execution | {"status": "canceling"})
    return f"Execution {execution['id']} is being canceled."


def interrupt_all(workspace: Workspace) -> None:
    """End the executions that an earlier process left under way; call it before anything starts."""
    for execution in workspace.store.list(_KIND):
        if execution["status"] in UNDER_WAY and not execution.get(HANGS):
            finish(workspace, execution, "interrupted", _INTERRUPTED)


def reference(execution: JsonObject) -> dict[str, Any]:
    """Return what the start of an execution responds with: its id, status and time of creation."""
    return {key: execution[key] for key in ("id", "status", "created_at")}
