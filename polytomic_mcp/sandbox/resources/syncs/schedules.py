"""A model sync's schedule: what it can be, and what is wrong with the syncs that it runs after."""

from collections.abc import Iterator, Mapping
from typing import Any

from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES, Frequency
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.resources.schedules import frequencies


def problems(schedule: Mapping[str, Any], store: Store) -> Iterator[Problem]:
    """Yield what is wrong with the schedule, without the cycles that it may create."""
    yield from frequencies.problems(schedule)
    if schedule.get("frequency") == "runafter":
        yield from _predecessor_problems(as_object(schedule.get("run_after")), store)
    id_ = schedule.get("connection_id")
    if schedule.get("frequency") == "dbtcloud" and id_ and store.get("connection", id_) is None:
        message = f"Unknown connection {id_}. GET /api/connections lists the valid ones."
        yield Problem("unknown_connection", message, "schedule.connection_id")


def cycle_problems(sync: JsonObject, store: Store) -> Iterator[Problem]:
    """Yield a problem if the sync would run after itself, directly or through other syncs (a guess)."""
    waiting, seen = _predecessor_ids(sync), set[str]()
    while waiting:
        id_ = waiting.pop()
        if id_ == sync["id"]:
            yield Problem("invalid_schedule", "The sync would run after itself.", "schedule.run_after")
            return
        if id_ not in seen:
            seen.add(id_)
            waiting += _predecessor_ids(store.get("sync", id_) or {})


def options() -> list[dict[str, Any]]:
    """Return every frequency with a form for its parts, as ``GET /api/syncs/schedules`` lists them."""
    return [
        {
            "frequency": name,
            "label": frequency.label,
            "description": frequency.description,
            "configuration": {"jsonschema": _form(frequency), "uischema": {}},
        }
        for name, frequency in FREQUENCIES.items()
    ]


def _form(frequency: Frequency) -> dict[str, Any]:
    types = {"run_after": "object", "job_id": "integer"}
    return {
        "type": "object",
        "properties": {part: {"type": types.get(part, "string")} for part in frequency.parts},
        "required": [] if frequency.is_cron else list(frequency.parts),
    }


def _predecessor_ids(sync: JsonObject) -> list[str]:
    """Return the ids of the model syncs that a sync runs after; a bulk sync runs after none."""
    schedule = as_object(sync.get("schedule"))
    if schedule.get("frequency") != "runafter":
        return []
    return [str(id_) for id_ in as_list(as_object(schedule.get("run_after")).get("sync_ids"))]


def _predecessor_problems(run_after: Mapping[str, Any], store: Store) -> Iterator[Problem]:
    for key, kind, listing in (
        ("sync_ids", "sync", "GET /api/syncs"),
        ("bulk_sync_ids", "bulk_sync", "GET /api/bulk/syncs"),
    ):
        for position, id_ in enumerate(run_after.get(key) or []):
            if store.get(kind, id_) is None:
                message = f"Unknown sync {id_}. {listing} lists the valid ones."
                yield Problem("unknown_sync", message, f"schedule.run_after.{key}[{position}]")
