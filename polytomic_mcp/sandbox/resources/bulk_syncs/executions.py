"""A bulk sync's executions: the documents, with an entry for each schema, and the states they go through.

``created`` and ``running`` are under way, and ``canceling`` is running but asked to stop; the other states
are final. ``errors`` means completed with some loss. The names are seen in the 2025-09-18 SDK.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.tables.tables import STAGING
from polytomic_mcp.sandbox.resources.bulk_syncs import events
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.resources.runs.history import UNDER_WAY
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.workspace.workspace import Workspace

COUNTS: Final = ("record_count", "error_count", "warning_count")
KIND: Final = history.KINDS["bulk_sync"]

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
"""The state of a change stream: the sandbox does not stream changes."""

_SYNC: Final = "bulk_sync"
_INTERRUPTED: Final = "The sandbox was restarted during this execution."
_DISPOSITIONS: Final = {"resync": "truncate", "rebuild": "rebuild"}
_VERSION: Final = "sandbox"
_IN_STATUS: Final = ("schema", "status", "status_message", *COUNTS, "started_at", "completed_at")


def of_sync(workspace: Workspace, sync_id: str) -> list[JsonObject]:
    """Return a bulk sync's executions, oldest first."""
    return history.of_sync(workspace, _SYNC, sync_id)


def current(workspace: Workspace, sync_id: str) -> JsonObject | None:
    """Return the execution that is under way, or None."""
    return history.current(workspace, _SYNC, sync_id)


def find(workspace: Workspace, sync_id: str, id_: str) -> JsonObject:
    """Return a bulk sync's execution.

    Raises:
        RefusalError: 404, the bulk sync does not exist or has no such execution.
    """
    return history.find(workspace, _SYNC, sync_id, id_)


def create(
    workspace: Workspace,
    sync_id: str,
    request: JsonObject,
    outputs: Iterable[tuple[str, str]],
    *,
    is_partial: bool,
) -> JsonObject:
    """Store a new execution and return it.

    ``request`` holds the arguments of its start (``test``, ``resync_mode``, ...); ``outputs`` are pairs of a
    schema's id and its output name.
    """
    now = workspace.now()
    resync_mode = request.get("resync_mode")
    schemas = [{"schema": schema, "output_name": name, **_initial(now)} for schema, name in outputs]
    execution: JsonObject = {
        "id": workspace.new_id(),
        "type": request.get("trigger", "manual"),
        **_initial(now),
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
    """Store a changed execution, with the sums of its schemas' counts, and return it."""
    sums = {name: sum(schema[name] for schema in execution["schemas"]) for name in COUNTS}
    saved: JsonObject = {**execution, **sums, "updated_at": workspace.now()}
    workspace.store.put(KIND, saved["id"], saved)
    return saved


def change(workspace: Workspace, execution: JsonObject, schema_id: str, **changes: Any) -> JsonObject:
    """Store changes to the entry of one schema and return the execution."""
    schemas = [
        {**each, **changes, "updated_at": workspace.now()} if each["schema"] == schema_id else each
        for each in execution["schemas"]
    ]
    return save(workspace, {**execution, "schemas": schemas})


def begin(workspace: Workspace, execution: JsonObject) -> None:
    """Store that the execution is running, and record the event."""
    begun = {**execution, "status": "running", "started_at": workspace.now()}
    events.record(workspace, save(workspace, begun))


def finish(workspace: Workspace, execution: JsonObject, status: str, message: str | None = None) -> None:
    """Store that the execution ended with a status, and record the event.

    The schemas that have not ended are canceled or interrupted with it, and failed otherwise.
    """
    now = workspace.now()
    ending = status if status in ("canceled", "interrupted") else "failed"
    ended = {"status": ending, "completed_at": now, "status_message": message, "updated_at": now}
    schemas = [each | ended if each["status"] in UNDER_WAY else each for each in execution["schemas"]]
    changes = {"status": status, "completed_at": now, "status_message": message, "schemas": schemas}
    with workspace.store.transaction():
        events.record(workspace, save(workspace, {**execution, **changes}))


def request_cancel(workspace: Workspace, execution: JsonObject) -> str:
    """Ask the execution to stop and return a message about the outcome."""
    if execution["status"] not in UNDER_WAY:
        return f"Execution {execution['id']} is already {execution['status']}."
    save(workspace, {**execution, "status": "canceling"})
    return f"Execution {execution['id']} is being canceled."


def request_schema_cancel(workspace: Workspace, execution: JsonObject, schema_id: str) -> str:
    """Ask the execution to skip one of its schemas and return a message about the outcome."""
    entry = next((each for each in execution["schemas"] if each["schema"] == schema_id), None)
    if entry is None or entry["status"] not in UNDER_WAY:
        return f"Schema {schema_id} is not being synced."
    save(workspace, {**execution, "_canceling": [*execution["_canceling"], schema_id]})
    return f"Schema {schema_id} is being canceled."


def describe_status(workspace: Workspace, sync: JsonObject) -> JsonObject:
    """Return a bulk sync's status: its next time, and each schema's entry in its latest execution."""
    latest: dict[str, JsonObject] = {}
    executions = of_sync(workspace, sync["id"])
    for execution in executions:
        for entry in execution["schemas"]:
            shown = {key: entry[key] for key in _IN_STATUS}
            latest[entry["schema"]] = {**shown, "execution_id": execution["id"]}
    return {
        "sync_id": sync["id"],
        "status": executions[-1]["status"] if executions else None,
        "nextExecutionTime": timetable.show_next_time(workspace, _SYNC, sync),
        "schemas": [*latest.values()],
    }


def interrupt_all(workspace: Workspace) -> None:
    """End the executions that an earlier process left under way; call it before anything starts.

    The rows that they had gathered for outputs not yet replaced are deleted.
    """
    with workspace.store.transaction() as connection:
        first, last = STAGING, f"{STAGING}\U0010ffff"
        connection.execute("DELETE FROM rows WHERE source BETWEEN ? AND ?", (first, last))
        for execution in workspace.store.list(KIND):
            if execution["status"] in UNDER_WAY:
                finish(workspace, execution, "interrupted", _INTERRUPTED)


def _initial(now: str) -> JsonObject:
    """Return the fields that an execution and each of its schemas begin with."""
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
