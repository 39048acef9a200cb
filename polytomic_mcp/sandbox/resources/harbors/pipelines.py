"""The pipelines that fill a Harbor's store: how fresh their data is, and where each source's data is."""

from collections.abc import Iterable
from typing import Any, Final

from polytomic_mcp.catalogue.rules.outputs import place
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import unprocessable
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.workspace.workspace import Workspace

MOST_SOURCES: Final = 200
MOST_FIELDS: Final = 500

_SCHEDULE: Final = (
    "connection_id", "day_of_month", "day_of_week", "frequency", "hour", "job_id", "minute", "month",
    "run_after_success_only", "schemas", "selective_mode",
)  # fmt: skip


def describe(workspace: Workspace, harbor: JsonObject) -> JsonObject:
    """Return the pipelines of a Harbor with the status and last success of each dataset."""
    id_ = harbor["backing_connection_id"]
    bulk = workspace.store.list("bulk_sync", {"destination_connection_id": id_})
    model = workspace.store.list("sync", {"target.connection_id": id_})
    return {
        "as_of": workspace.now(),
        "pipelines": [
            *(
                _pipeline("bulk", sync, _bulk_datasets(workspace, sync), bulk_schedules.of(sync))
                for sync in bulk
            ),
            *(
                _pipeline("model", sync, _model_datasets(workspace, sync), [sync["schedule"]])
                for sync in model
            ),
        ],
    }


def resolve_sources(call: Call, harbor: JsonObject) -> JsonObject:
    """Return what each source's schema and fields are called in the Harbor's store, in request order.

    Raises:
        RefusalError: 422 if there are too many sources or fields.
    """
    sources: list[JsonObject] = call.arguments.get("sources") or []
    too_wide = [each for each in sources if len(each.get("fields") or ()) > MOST_FIELDS]
    if len(sources) > MOST_SOURCES or too_wide:
        raise unprocessable(
            call.operation,
            f"sources must have at most {MOST_SOURCES} entries with at most {MOST_FIELDS} fields each",
        )
    mapped = [_mapping(call.workspace, harbor, source) for source in sources]
    return {"backing_connection_id": harbor["backing_connection_id"], "sources": mapped}


def _pipeline(
    type_: str, sync: JsonObject, datasets: JsonObject, schedules: Iterable[JsonObject]
) -> JsonObject:
    return {
        "id": sync["id"],
        "type": type_,
        "refresh_enabled": bool(sync["active"]),
        "schedules": [
            {name: each[name] for name in _SCHEDULE if each.get(name) is not None} for each in schedules
        ],
        "datasets": datasets,
    }


def _bulk_datasets(workspace: Workspace, sync: JsonObject) -> JsonObject:
    datasets: dict[str, JsonObject] = {}
    for run in bulk_executions.of_sync(workspace, sync["id"]):
        for schema in run["schemas"]:
            name = place(sync, schema["schema"], schema["output_name"])
            datasets[name] = _dataset(datasets.get(name, {}), schema["status"], run)
    return datasets


def _model_datasets(workspace: Workspace, sync: JsonObject) -> JsonObject:
    dataset: JsonObject = {}
    for run in executions.of_sync(workspace, sync["id"]):
        dataset = _dataset(dataset, run["status"], run)
    return {sync["target"]["object"]: dataset}


def _dataset(previous: JsonObject, status: str, run: JsonObject) -> dict[str, Any]:
    """Return a dataset after one more run; a success is dated by the run's start, the safe lower bound."""
    success = run["started_at"] if status == "completed" else previous.get("last_success_at")
    return {"latest_status": status, **({"last_success_at": success} if success else {})}


def _mapping(workspace: Workspace, harbor: JsonObject, source: JsonObject) -> dict[str, Any]:
    backing = workspace.find("connection", harbor["backing_connection_id"])
    written = _tables_written(workspace, backing, source)
    if len(written) != 1:
        return {"status": "ambiguous" if written else "unresolved", "destination_schema_id": "", "fields": {}}
    (name,) = written
    table = workspace.tables.get(system_of(backing), name)
    columns = {field: table and table.column(field) for field in source.get("fields") or ()}
    fields = {field: column.name for field, column in columns.items() if column}
    return {"status": "resolved", "destination_schema_id": name, "fields": fields}


def _tables_written(workspace: Workspace, backing: JsonObject, source: JsonObject) -> set[str]:
    """Return the tables of the store to which bulk syncs wrote the source's schema."""
    syncs = workspace.store.list(
        "bulk_sync",
        {"destination_connection_id": backing["id"], "source_connection_id": source["connection_id"]},
    )
    return {
        place(sync, schema["schema"], schema["output_name"])
        for sync in syncs
        for run in bulk_executions.of_sync(workspace, sync["id"])
        for schema in run["schemas"]
        if schema["schema"] == source["schema_id"] and schema["status"] == "completed"
    }
