"""A connection's usage: the calls to its system in the last 24 hours by runs, queries and the proxy.

How many calls a run makes is a guess: one per thousand records read or written.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.connections import proxy as connection_proxy
from polytomic_mcp.sandbox.resources.models import queries
from polytomic_mcp.sandbox.resources.models.source_fields import model_ids
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.workspace.workspace import Workspace

BATCH: Final = 1_000
"""Records per call."""

_DAY: Final = timedelta(hours=24)
_WRITTEN: Final = ("insert", "update", "upserts", "delete")
_LABELS: Final = {"read": "Reading records", "write": "Writing records"}


def describe(workspace: Workspace, connection: JsonObject) -> JsonObject:
    """Return the usage as the API shows it: all calls, and each sync's by what they did."""
    by_sync = list(_by_sync(workspace, connection["id"]))
    return {
        "connectionId": connection["id"],
        "callsLast24h": _calls_outside_syncs(workspace, connection["id"])
        + sum(each["totalCalls"] for each in by_sync),
        "reportsSyncStats": True,
        "bySync": by_sync,
    }


def total(workspace: Workspace, connection: JsonObject) -> int:
    """Return the total number of calls to the system in the last 24 hours."""
    return describe(workspace, connection)["callsLast24h"]


def _calls_outside_syncs(workspace: Workspace, id_: str) -> int:
    """Count queries and proxy calls."""
    recent = [
        each
        for each in workspace.store.list(queries.KIND, {"_connection_id": id_})
        if _is_recent(workspace, each["_created_at"])
    ]
    return len(recent) + len(connection_proxy.recent_calls(workspace, id_))


def _by_sync(workspace: Workspace, id_: str) -> Iterator[JsonObject]:
    models = {model["id"] for model in workspace.store.list("model", {"connection_id": id_})}
    for sync in workspace.store.list("sync"):
        reads = not models.isdisjoint(model_ids(sync))
        writes = sync["target"]["connection_id"] == id_
        if reads or writes:
            runs = history.of_sync(workspace, "sync", sync["id"])
            yield from _stats(workspace, sync, "model", runs, _roles(reads=reads, writes=writes))
    for sync in workspace.store.list("bulk_sync"):
        reads, writes = sync["source_connection_id"] == id_, sync["destination_connection_id"] == id_
        if reads or writes:
            runs = history.of_sync(workspace, "bulk_sync", sync["id"])
            yield from _stats(workspace, sync, "bulk", runs, _roles(reads=reads, writes=writes))


def _roles(*, reads: bool, writes: bool) -> list[str]:
    return [role for role, is_taken in (("read", reads), ("write", writes)) if is_taken]


def _stats(
    workspace: Workspace, sync: JsonObject, type_: str, runs: list[JsonObject], roles: list[str]
) -> Iterator[dict[str, Any]]:
    """Yield a sync's entry if it ran in the last 24 hours."""
    recent = [run for run in runs if _is_recent(workspace, run["created_at"])]
    if not recent:
        return
    categories: list[JsonObject] = [
        {"key": role, "label": _LABELS[role], "calls": sum(_calls(run, role) for run in recent)}
        for role in roles
    ]
    yield {
        "syncId": sync["id"],
        "syncName": sync["name"],
        "syncType": type_,
        "lastRunAt": recent[-1]["created_at"],
        "totalCalls": sum(each["calls"] for each in categories),
        "categories": categories,
    }


def _calls(run: JsonObject, role: str) -> int:
    counts: JsonObject | None = run.get("counts")
    if counts is None:
        records = sum(schema["record_count"] for schema in run["schemas"])
    else:
        records = counts["total"] if role == "read" else sum(counts[name] for name in _WRITTEN)
    return -(-records // BATCH)


def _is_recent(workspace: Workspace, time: str) -> bool:
    return datetime.fromisoformat(time) > workspace.clock() - _DAY
