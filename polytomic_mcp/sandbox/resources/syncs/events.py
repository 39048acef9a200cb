"""The events of a model sync's executions: one when an execution begins, and one when it ends."""

from collections.abc import Mapping
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.events import events
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_WITH_EVENT: Final = ("running", "completed", "failed", "canceled")
"""The states that have an event; ``interrupted`` has none."""

_LINKS: Final = {
    "total_records": "records",
    "inserted_records": "inserts",
    "updated_records": "updates",
    "deleted_records": "deletes",
    "errored_records": "errors",
    "warnings": "warnings",
}
"""The logs that a completion links to: each a list of files (the product's documentation)."""


def record(workspace: Workspace, execution: JsonObject) -> None:
    """Record the event of the execution's current state, unless that state has none or the sync is gone.

    The names in the event are seen in the 2025-09-18 SDK.
    """
    sync = workspace.store.get("sync", execution["_sync_id"])
    if sync is None or execution["status"] not in _WITH_EVENT:
        return
    type_, details = _type_and_details(workspace, sync, execution)
    ids = {
        "sync_id": sync["id"],
        "sync_name": sync["name"],
        "execution_id": execution["id"],
        "target_connection_id": sync["target"]["connection_id"],
        "organization_id": sync["organization_id"],
    }
    events.record(workspace, f"sync.{type_}", ids | details)


def _type_and_details(
    workspace: Workspace, sync: JsonObject, execution: JsonObject
) -> tuple[str, JsonObject]:
    """Return the type of the event, without ``sync.``, and its fields other than the ids."""
    status, counts = execution["status"], execution["counts"]
    match status:
        case "completed" if counts["error"]:
            errors = {"number_of_errors": counts["error"], "number_of_warnings": counts["warnings"]}
            return "completed_with_errors", {"error": execution["errors"][0], **errors}
        case "completed":
            written = logs.counts(workspace, execution["id"])
            return status, _completion(sync, execution) | _links(sync, execution, written)
        case "failed":
            return status, {"error": execution["errors"][0]}
        case "canceled":
            return status, {"status": status}
        case _:
            return status, {}


def _links(sync: JsonObject, execution: JsonObject, written: Mapping[str, int]) -> JsonObject:
    """Return the links to the files of each log that has lines; without a host, like ``logs_url``."""
    return {
        name: [f"{_run(sync, execution)}/{type_}/{logs.FILE}"] if written[type_] else []
        for name, type_ in _LINKS.items()
    }


def _run(sync: JsonObject, execution: JsonObject) -> str:
    return f"/api/syncs/{sync['id']}/executions/{execution['id']}"


def _completion(sync: JsonObject, execution: JsonObject) -> JsonObject:
    """Return the fields of a completion; ``trigger`` and an address without a host are guesses."""
    counts = execution["counts"]
    return {
        "status": "completed",
        "trigger": execution["_request"].get("trigger", "manual"),
        "schedule": {"frequency": sync["schedule"]["frequency"]},
        "inserted_count": counts["insert"],
        "updated_count": counts["update"],
        "upserted_count": counts["upserts"],
        "error_count": counts["error"],
        "warning_count": counts["warnings"],
        "record_count": counts["total"],
        "logs_url": f"{_run(sync, execution)}/logs",
    }
