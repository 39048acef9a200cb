"""A sync's runs: their documents, and the states they go through.

``created`` and ``running`` are under way, ``canceling`` asks a running one to stop; the others are
terminal. Names seen in the 2025-09-18 SDK.
"""

from typing import Any, Final

from polytomic_mcp.sandbox.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.resources.runs import logs, sync_events
from polytomic_mcp.sandbox.world.world import World

UNDER_WAY: Final = ("created", "running", "canceling")
COUNTS: Final = ("insert", "update", "upserts", "delete", "error", "total", "warnings")
_VERSION: Final = "sandbox"


def of_sync(world: World, sync_id: str) -> list[JsonObject]:
    """Return a sync's executions, oldest first."""
    return world.store.list("execution", {"_sync_id": sync_id})


def create(world: World, sync_id: str, request: JsonObject) -> JsonObject:
    """Store a new execution; ``request`` is what its start asked for (``test``, ``resync``, ...)."""
    execution: JsonObject = {
        "id": world.new_id(),
        "status": "created",
        "type": "test" if request.get("test") else "resync" if request.get("resync") else "sync",
        "counts": dict.fromkeys(COUNTS, 0),
        "errors": [],
        "created_at": world.now(),
        "started_at": None,
        "completed_at": None,
        "version": _VERSION,
        "_sync_id": sync_id,
        "_number": len(of_sync(world, sync_id)) + 1,
        "_request": request,
    }
    save(world, execution)
    return execution


def save(world: World, execution: JsonObject) -> None:
    """Store the execution as it is now."""
    world.store.put("execution", execution["id"], execution)


def find(world: World, sync_id: str, id_: str) -> JsonObject:
    """Return a sync's execution, or refuse with 404."""
    world.find("sync", sync_id)
    execution = world.find("execution", id_)
    if execution["_sync_id"] != sync_id:
        raise not_found("execution", id_)
    return execution


def current(world: World, sync_id: str) -> JsonObject | None:
    """Return the execution that is under way, or None."""
    return next((each for each in of_sync(world, sync_id) if each["status"] in UNDER_WAY), None)


def begin(world: World, execution: JsonObject) -> None:
    """Store the execution's start, and tell of it."""
    begun = execution | {"status": "running", "started_at": world.now()}
    save(world, begun)
    sync_events.record(world, begun)


def finish(world: World, execution: JsonObject, status: str, error: str | None = None) -> None:
    """Store the execution's end, and tell of it; ``error`` says why it failed."""
    if error is not None:
        execution["errors"] = [error, *execution["errors"]]
    ended = execution | {"status": status, "completed_at": world.now()}
    with world.store.transaction():
        save(world, ended)
        sync_events.record(world, ended)


def request_cancel(world: World, execution: JsonObject) -> str:
    """Ask the execution to stop and return what became of that."""
    if execution["status"] not in UNDER_WAY:
        return f"Execution {execution['id']} is {execution['status']} already."
    save(world, execution | {"status": "canceling"})
    return f"Execution {execution['id']} is being canceled."


def interrupt_all(world: World) -> None:
    """End what was under way when an earlier process ended; to be called before anything starts."""
    for execution in world.store.list("execution"):
        if execution["status"] in UNDER_WAY:
            finish(world, execution, "interrupted", "The sandbox was restarted while this ran.")


def forget(world: World, sync_id: str) -> None:
    """Remove a sync's executions with their logs."""
    with world.store.transaction():
        for execution in of_sync(world, sync_id):
            logs.forget(world, execution["id"])
            world.store.delete("execution", execution["id"])


def reference(execution: JsonObject) -> dict[str, Any]:
    """Return what a start answers."""
    return {key: execution[key] for key in ("id", "status", "created_at")}
