"""How fresh a Harbor's data are: which syncs write to its store, and when they last did."""

from collections.abc import Iterable
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.resources.bulk_syncs.destinations import table_name
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_SCHEDULE: Final = (
    "connection_id", "day_of_month", "day_of_week", "frequency", "hour", "job_id", "minute", "month",
    "run_after_success_only", "schemas", "selective_mode",
)  # fmt: skip


def describe(workspace: Workspace, harbor: JsonObject) -> JsonObject:
    """Return the pipelines that write to the Harbor's store."""
    id_ = harbor["backing_connection_id"]
    backing = workspace.find("connection", id_)
    bulk = workspace.store.list("bulk_sync", {"destination_connection_id": id_})
    model = workspace.store.list("sync", {"target.connection_id": id_})
    return {
        "as_of": workspace.now(),
        "pipelines": [
            *(
                _pipeline("bulk", sync, _bulk_datasets(workspace, backing, sync), bulk_schedules.of(sync))
                for sync in bulk
            ),
            *(
                _pipeline("model", sync, _model_datasets(workspace, sync), [sync["schedule"]])
                for sync in model
            ),
        ],
    }


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


def _bulk_datasets(workspace: Workspace, backing: JsonObject, sync: JsonObject) -> JsonObject:
    datasets: dict[str, JsonObject] = {}
    for run in bulk_executions.of_sync(workspace, sync["id"]):
        for schema in run["schemas"]:
            name = table_name(backing, sync["destination_configuration"], schema["output_name"])
            datasets[name] = _dataset(datasets.get(name, {}), schema["status"], run)
    return datasets


def _model_datasets(workspace: Workspace, sync: JsonObject) -> JsonObject:
    dataset: JsonObject = {}
    for run in executions.of_sync(workspace, sync["id"]):
        dataset = _dataset(dataset, run["status"], run)
    return {sync["target"]["object"]: dataset}


def _dataset(held: JsonObject, status: str, run: JsonObject) -> dict[str, Any]:
    """Return the evidence after one more run: a success counts from its start, a cautious bound."""
    success = run["started_at"] if status == "completed" else held.get("last_success_at")
    return {"latest_status": status, **({"last_success_at": success} if success else {})}
