"""Bulk syncs: list, create, read, replace, delete and activate them."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.resources.bulk_syncs import checks as bulk_checks
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.resources.models.source_fields import listed
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.schemas import schema_cache

_INVALID: Final = "The bulk sync is not valid"


def list_all(call: Call) -> JsonObject:
    """List the bulk syncs: all of them on 2024-02-08, and in pages, last changed first, on 2025-09-18."""
    where = {name: call.arguments[name] for name in ("active",) if name in call.arguments}
    if call.version < CURRENT:
        found = call.workspace.store.list(bulk_syncs.KIND, where)
        return {"data": [bulk_syncs.show(sync, call.version) for sync in found]}
    shown, page = pagination.newest(call, bulk_syncs.KIND, where)
    return {"data": [bulk_syncs.show(sync, call.version) for sync in shown], "pagination": page}


def create(call: Call) -> Any:
    """Create a bulk sync; the first call is refused while the source's cache of schemas is being filled."""
    creation = {
        "id": call.workspace.new_id(),
        "organization_id": call.workspace.organization_id,
        "created_at": call.workspace.now(),
        "created_by": ACTOR,
    }
    return _save(call, creation, {})


def get(call: Call) -> JsonObject:
    """Return one bulk sync; ``refresh_schemas`` looks for new schemas in its source first."""
    sync = call.workspace.find(bulk_syncs.KIND, call.arguments["id"])
    source = call.workspace.store.get("connection", sync["source_connection_id"])
    if call.arguments.get("refresh_schemas") and source is not None:
        with call.workspace.store.transaction():
            sync["_schemas"] = bulk_schemas.discover(call.workspace, source, sync)
            call.workspace.store.put(bulk_syncs.KIND, sync["id"], sync)
    return {"data": bulk_syncs.show(sync, call.version)}


def update(call: Call) -> Any:
    """Replace a bulk sync: omitted arguments are reset to their defaults, except its schemas.

    Refused while an execution is under way, unless it deactivates the bulk sync.
    """
    stored = call.workspace.find(bulk_syncs.KIND, call.arguments["id"])
    is_deactivated = stored["active"] and not call.arguments.get("active")
    if not is_deactivated:
        _require_idle(call, stored)
    creation = {key: stored[key] for key in ("id", "organization_id", "created_at", "created_by")}
    answer = _save(call, creation, stored)
    if is_deactivated:
        _cancel_current(call, stored["id"])
    return answer


def delete(call: Call) -> Answer:
    """Delete a bulk sync and its history; an execution that is under way stops."""
    sync = call.workspace.find(bulk_syncs.KIND, call.arguments["id"])
    history.delete_all(call.workspace, bulk_syncs.KIND, sync["id"])
    timetable.delete_marks(call.workspace, sync["id"])
    call.workspace.store.delete(bulk_syncs.KIND, sync["id"])
    return Answer(status=204)


def activate(call: Call) -> JsonObject:
    """Activate or deactivate a bulk sync; deactivating it cancels the execution that is under way.

    The API documents this, and a conflict, which the sandbox raises for activating (a guess).
    """
    sync = call.workspace.find(bulk_syncs.KIND, call.arguments["id"])
    active: bool = call.arguments["active"]
    if active:
        _require_idle(call, sync)
    changed = {"active": active, "updated_at": call.workspace.now(), "updated_by": ACTOR}
    call.workspace.store.put(bulk_syncs.KIND, sync["id"], sync | changed)
    if not active:
        _cancel_current(call, sync["id"])
    return {"data": {"id": sync["id"], "active": active}}


def _require_idle(call: Call, sync: JsonObject) -> None:
    if bulk_executions.current(call.workspace, sync["id"]) is not None:
        message = f"Bulk sync {sync['name']} is running. Wait for it to end, or cancel it."
        raise RefusalError(409, message, key="sync_running")


def _cancel_current(call: Call, sync_id: str) -> None:
    current = bulk_executions.current(call.workspace, sync_id)
    if current is not None:
        bulk_executions.request_cancel(call.workspace, current)


def _save(call: Call, creation: JsonObject, stored: JsonObject) -> Any:
    workspace = call.workspace
    sync = creation | bulk_syncs.compose(workspace, call.arguments, stored)
    bulk_schedules.require_emulated(call.operation, sync)
    if problems := bulk_checks.connection_problems(workspace, sync):
        raise refusal(problems, _INVALID, status=400 if stored else 422)
    source = workspace.find("connection", sync["source_connection_id"])
    for schedule in sync["additional_schedules"]:
        schedule["schemas"] = bulk_sources.spelled(workspace, sync, schedule["schemas"])
    try:
        schema_cache.require_read(workspace, source)
    except RefusalError as not_ready:
        # Returned and not raised, because raising would roll back the end of the refresh.
        return Answer(not_ready.body(call.version), not_ready.status)
    sync["_schemas"] = _schemas(call, source, stored, sync, problems)
    problems += bulk_checks.setting_problems(workspace, sync, call.version)
    if not problems:
        problems += bulk_checks.schema_problems(workspace, sync)
    if problems:
        raise refusal(problems, _INVALID, status=400 if stored else 422)
    sync |= {"updated_at": workspace.now(), "updated_by": ACTOR}
    workspace.store.put(bulk_syncs.KIND, sync["id"], sync)
    return {"data": bulk_syncs.show(sync, call.version)}


def _schemas(
    call: Call, source: JsonObject, stored: JsonObject, sync: JsonObject, problems: list[Problem]
) -> list[JsonObject]:
    """Return the requested schemas; if there are none, the stored ones, or all those of a new source."""
    requests: list[Mapping[str, Any] | str] = [*listed(call.arguments, "schemas")]
    is_same_source = stored.get("source_connection_id") == sync["source_connection_id"]
    if not requests and is_same_source:
        return stored["_schemas"]
    return bulk_schemas.select(call.workspace, source, requests, problems)


ROUTES: Final[Routes] = {
    "GET /api/bulk/syncs": list_all,
    "POST /api/bulk/syncs": create,
    "GET /api/bulk/syncs/{id}": get,
    "PUT /api/bulk/syncs/{id}": update,
    "DELETE /api/bulk/syncs/{id}": delete,
    "POST /api/bulk/syncs/{id}/activate": activate,
}
