"""The schedules of a bulk sync: list, read, create, replace and delete them; their keys are in camel case."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.problems import refusal
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.resources.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules


def list_all(call: Call) -> JsonObject:
    """List the schedules, the default one first."""
    sync = _sync(call)
    return {"data": [bulk_schedules.show(sync, each) for each in bulk_schedules.of(sync)]}


def get(call: Call) -> JsonObject:
    """Return one schedule."""
    sync = _sync(call)
    return {"data": bulk_schedules.show(sync, _find(call, sync))}


def create(call: Call) -> JsonObject:
    """Create an additional schedule."""
    sync = _sync(call)
    schedule = bulk_schedules.compose_additional(call.workspace, _request(call))
    sync["additional_schedules"].append(schedule)
    return _save(call, sync, schedule)


def update(call: Call) -> JsonObject:
    """Replace a schedule; its schemas and resync mode, which the request cannot set, are unchanged."""
    sync = _sync(call)
    stored = _find(call, sync)
    request = _request(call)
    if stored["id"] == sync["default_schedule"]["id"]:
        schedule = bulk_schedules.compose(call.workspace, request, stored)
        return _save(call, sync | {"default_schedule": schedule}, schedule)
    unchanged = {key: stored[key] for key in ("schemas", "resync_mode")}
    schedule = bulk_schedules.compose_additional(call.workspace, unchanged | request, stored)
    others = sync["additional_schedules"]
    sync["additional_schedules"] = [schedule if each["id"] == stored["id"] else each for each in others]
    return _save(call, sync, schedule)


def delete(call: Call) -> Answer:
    """Delete an additional schedule; the default one cannot be deleted (a guess)."""
    sync = _sync(call)
    stored = _find(call, sync)
    if stored["id"] == sync["default_schedule"]["id"]:
        raise RefusalError(
            400,
            "The default schedule cannot be deleted. To stop it, set its frequency to manual.",
            key="default_schedule",
        )
    sync["additional_schedules"] = [
        each for each in sync["additional_schedules"] if each["id"] != stored["id"]
    ]
    _store(call, sync)
    return Answer(status=204)


def _sync(call: Call) -> JsonObject:
    return call.workspace.find(bulk_syncs.KIND, call.arguments["sync_id"])


def _find(call: Call, sync: JsonObject) -> JsonObject:
    id_ = call.arguments["schedule_id"]
    found = next((each for each in bulk_schedules.of(sync) if each["id"] == id_), None)
    if found is None:
        raise not_found("schedule", id_)
    return found


def _request(call: Call) -> JsonObject:
    schedule: Mapping[str, Any] = call.arguments["schedule"]
    return bulk_schedules.read(schedule)


def _save(call: Call, sync: JsonObject, schedule: JsonObject) -> JsonObject:
    bulk_schedules.require_emulated(call.operation, sync)
    if problems := list(bulk_schedules.problems(sync)):
        raise refusal(problems, "The schedule is not valid", status=400)
    _store(call, sync)
    return {"data": bulk_schedules.show(sync, schedule)}


def _store(call: Call, sync: JsonObject) -> None:
    sync |= {"updated_at": call.workspace.now(), "updated_by": ACTOR}
    call.workspace.store.put(bulk_syncs.KIND, sync["id"], sync)


ROUTES: Final[Routes] = {
    "GET /api/bulk/syncs/{sync_id}/schedules": list_all,
    "POST /api/bulk/syncs/{sync_id}/schedules": create,
    "GET /api/bulk/syncs/{sync_id}/schedules/{schedule_id}": get,
    "PUT /api/bulk/syncs/{sync_id}/schedules/{schedule_id}": update,
    "DELETE /api/bulk/syncs/{sync_id}/schedules/{schedule_id}": delete,
}
