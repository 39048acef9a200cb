"""A bulk sync's runs: their documents, with one entry for each schema, and the states they go through.

``created`` and ``running`` are under way, ``canceling`` asks a running one to stop; the others are
terminal, ``errors`` the one of a run that lost something on its way. Names seen in the 2025-09-18 SDK.
"""

from collections.abc import Iterable
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.data.tables.tables import STAGING
from polytomic_mcp.sandbox.resources.runs import bulk_events, logs
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "bulk_execution"
UNDER_WAY: Final = ("created", "running", "canceling")
COUNTS: Final = ("record_count", "error_count", "warning_count")

_RESTARTED: Final = "The sandbox was restarted while this ran."
_DISPOSITIONS: Final = {"resync": "truncate", "rebuild": "rebuild"}
_VERSION: Final = "sandbox"


def of_sync(workspace: Workspace, sync_id: str) -> list[JsonObject]:
    """Return a bulk sync's executions, oldest first."""
    return workspace.store.list(KIND, {"_sync_id": sync_id})


def create(
    workspace: Workspace,
    sync_id: str,
    request: JsonObject,
    outputs: Iterable[tuple[str, str]],
    *,
    is_partial: bool,
) -> JsonObject:
    """Store a new execution over schemas, given with their output names.

    ``request`` is what its start asked for (``test``, ``resync_mode``, ...).
    """
    now = workspace.now()
    resync_mode = request.get("resync_mode")
    schemas = [{"schema": schema, "output_name": name, **_fresh(now)} for schema, name in outputs]
    execution: JsonObject = {
        "id": workspace.new_id(),
        "type": request.get("trigger", "manual"),
        **_fresh(now),
        "schemas": schemas,
        "fetch_mode": request.get("fetch_mode", "none"),
        "output_disposition": _DISPOSITIONS.get(resync_mode or "", "retain"),
        "is_partial": is_partial,
        "is_resync": resync_mode is not None,
        "is_test": bool(request.get("test")),
        "_sync_id": sync_id,
        "_number": len(of_sync(workspace, sync_id)) + 1,
        "_request": request,
        "_canceling": [],
    }
    save(workspace, execution)
    return execution


def save(workspace: Workspace, execution: JsonObject) -> JsonObject:
    """Store the execution, its own counts those of its schemas together, and return it."""
    sums = {name: sum(schema[name] for schema in execution["schemas"]) for name in COUNTS}
    saved: JsonObject = {**execution, **sums, "updated_at": workspace.now()}
    workspace.store.put(KIND, saved["id"], saved)
    return saved


def change(workspace: Workspace, execution: JsonObject, schema_id: str, **changes: Any) -> JsonObject:
    """Store a change of one of its schemas and return the execution."""
    schemas = [
        {**each, **changes, "updated_at": workspace.now()} if each["schema"] == schema_id else each
        for each in execution["schemas"]
    ]
    return save(workspace, {**execution, "schemas": schemas})


def find(workspace: Workspace, sync_id: str, id_: str) -> JsonObject:
    """Return a bulk sync's execution, or refuse with 404."""
    workspace.find("bulk_sync", sync_id)
    execution = workspace.find(KIND, id_)
    if execution["_sync_id"] != sync_id:
        raise not_found("bulk execution", id_)
    return execution


def current(workspace: Workspace, sync_id: str) -> JsonObject | None:
    """Return the execution that is under way, or None."""
    return next((each for each in of_sync(workspace, sync_id) if each["status"] in UNDER_WAY), None)


def begin(workspace: Workspace, execution: JsonObject) -> None:
    """Store the execution's start, and tell of it."""
    bulk_events.record(
        workspace, save(workspace, {**execution, "status": "running", "started_at": workspace.now()})
    )


def finish(workspace: Workspace, execution: JsonObject, status: str, message: str | None = None) -> None:
    """Store the execution's end, and tell of it; a schema that did not end ends the same way."""
    now = workspace.now()
    ending = status if status in ("canceled", "interrupted") else "failed"
    ended = {"status": ending, "completed_at": now, "status_message": message, "updated_at": now}
    schemas = [each | ended if each["status"] in UNDER_WAY else each for each in execution["schemas"]]
    changes = {"status": status, "completed_at": now, "status_message": message, "schemas": schemas}
    with workspace.store.transaction():
        bulk_events.record(workspace, save(workspace, {**execution, **changes}))


def request_cancel(workspace: Workspace, execution: JsonObject) -> str:
    """Ask the execution to stop and return what became of that."""
    if execution["status"] not in UNDER_WAY:
        return f"Execution {execution['id']} is {execution['status']} already."
    save(workspace, {**execution, "status": "canceling"})
    return f"Execution {execution['id']} is being canceled."


def request_schema_cancel(workspace: Workspace, execution: JsonObject, schema_id: str) -> str:
    """Ask the execution to leave out one of its schemas and return what became of that."""
    entry = next((each for each in execution["schemas"] if each["schema"] == schema_id), None)
    if entry is None or entry["status"] not in UNDER_WAY:
        return f"Schema {schema_id} is not being synced."
    save(workspace, {**execution, "_canceling": [*execution["_canceling"], schema_id]})
    return f"Schema {schema_id} is being canceled."


def interrupt_all(workspace: Workspace) -> None:
    """End what was under way when an earlier process ended; to be called before anything starts."""
    with workspace.store.transaction() as connection:
        begin, end = STAGING, f"{STAGING}\U0010ffff"
        connection.execute("DELETE FROM rows WHERE source BETWEEN ? AND ?", (begin, end))
        for execution in workspace.store.list(KIND):
            if execution["status"] in UNDER_WAY:
                finish(workspace, execution, "interrupted", _RESTARTED)


def forget(workspace: Workspace, sync_id: str) -> None:
    """Remove a bulk sync's executions with their logs."""
    with workspace.store.transaction():
        for execution in of_sync(workspace, sync_id):
            logs.forget(workspace, execution["id"])
            workspace.store.delete(KIND, execution["id"])


def _fresh(now: str) -> JsonObject:
    return {
        "status": "created",
        "status_message": None,
        **dict.fromkeys(COUNTS, 0),
        "created_at": now,
        "started_at": None,
        "completed_at": None,
        "updated_at": now,
        "version": _VERSION,
    }
