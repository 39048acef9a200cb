"""How much a connection was used in the last 24 hours: by runs, queries and the proxy.

How many calls a run makes of its system is a guess: one for each thousand records read or written.
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
"""Records of one call."""

_DAY: Final = timedelta(hours=24)
_WRITTEN: Final = ("insert", "update", "upserts", "delete")
_LABELS: Final = {"read": "Reading records", "write": "Writing records"}


def describe(workspace: Workspace, connection: JsonObject) -> JsonObject:
    """Return the usage as the API shows it: all calls, and those of each sync by what they did."""
    by_sync = list(_by_sync(workspace, connection["id"]))
    return {
        "connectionId": connection["id"],
        "callsLast24h": _beside(workspace, connection["id"]) + sum(each["totalCalls"] for each in by_sync),
        "reportsSyncStats": True,
        "bySync": by_sync,
    }


def total(workspace: Workspace, connection: JsonObject) -> int:
    """Return how often the system was called, by whatever way."""
    return describe(workspace, connection)["callsLast24h"]


def _beside(workspace: Workspace, id_: str) -> int:
    """Count what no sync did: queries, and calls through the proxy."""
    asked = [
        each
        for each in workspace.store.list(queries.KIND, {"_connection_id": id_})
        if _is_recent(workspace, each["_created_at"])
    ]
    return len(asked) + len(connection_proxy.calls_of_day(workspace, id_))


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
    return [role for role, holds in (("read", reads), ("write", writes)) if holds]


def _stats(
    workspace: Workspace, sync: JsonObject, type_: str, runs: list[JsonObject], roles: list[str]
) -> Iterator[dict[str, Any]]:
    """Yield the entry of a sync that ran; one that did not has none."""
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
