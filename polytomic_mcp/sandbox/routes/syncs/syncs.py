"""Model syncs: create, list, get, replace, delete, activate; and the frequencies of their schedules."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.resources.models.source_fields import Sources
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.syncs import checks, executions, older_filters, schedules, syncs
from polytomic_mcp.sandbox.resources.syncs.older_arguments import refuse_newer
from polytomic_mcp.sandbox.resources.syncs.references import resolve_references
from polytomic_mcp.sandbox.resources.syncs.target_creation import (
    create_target,
    is_target_of,
    requested_target,
)

_FILTERS: Final = {"active": "active", "mode": "mode", "target_connection_id": "target.connection_id"}
"""Where a stored sync has the values that a list can be filtered by."""


def list_all(call: Call) -> JsonObject:
    """List the syncs: whole on 2024-02-08; as summaries in pages, last changed first, on 2025-09-18."""
    where = {path: call.arguments[name] for name, path in _FILTERS.items() if name in call.arguments}
    if call.version < CURRENT:
        return {"data": [_show(call, sync) for sync in call.workspace.store.list("sync", where)]}
    shown, page = pagination.newest(call, "sync", where)
    return {"data": [syncs.show_summary(sync) for sync in shown], "pagination": page}


def create(call: Call) -> JsonObject:
    """Create a sync, and its target object if the request has ``target.create``."""
    now = call.workspace.now()
    created = {
        "id": call.workspace.new_id(),
        "organization_id": call.workspace.organization_id,
        "created_at": now,
        "created_by": ACTOR,
    }
    return _save(call, created)


def get(call: Call) -> JsonObject:
    """Return one sync, with a problem for each thing it refers to that no longer exists."""
    return {"data": _show(call, call.workspace.find("sync", call.arguments["id"]))}


def update(call: Call) -> JsonObject:
    """Replace a sync. Omitted fields get their defaults.

    ``target.create`` may repeat what created the sync's target, as the Terraform provider does.
    """
    sync = call.workspace.find("sync", call.arguments["id"])
    created = {key: sync[key] for key in ("id", "organization_id", "created_at", "created_by")}
    create_ = call.arguments["target"].get("create")
    is_repeated = bool(create_) and is_target_of(call.workspace, sync, create_)
    return _save(call, created, sync["target"]["object"] if is_repeated else None)


def delete(call: Call) -> Answer:
    """Delete a sync with its executions and logs; an execution that is under way is canceled first."""
    sync = call.workspace.find("sync", call.arguments["id"])
    current = executions.current(call.workspace, sync["id"])
    if current is not None:
        executions.finish(call.workspace, current, "canceled")
    history.delete_all(call.workspace, "sync", sync["id"])
    timetable.delete_marks(call.workspace, sync["id"])
    call.workspace.store.delete("sync", sync["id"])
    return Answer(status=204)


def activate(call: Call) -> JsonObject:
    """Turn a sync's schedule on or off. A running execution continues."""
    sync = call.workspace.find("sync", call.arguments["id"])
    active: bool = call.arguments["active"]
    changed = {"active": active, "updated_at": call.workspace.now(), "updated_by": ACTOR}
    call.workspace.store.put("sync", sync["id"], sync | changed)
    return {"data": {"id": sync["id"], "active": active}}


def list_schedules(call: Call) -> JsonObject:
    """List the frequencies of a schedule, each with its parts."""
    del call
    return {"data": {"schedule_options": schedules.options()}}


def _show(call: Call, sync: JsonObject) -> JsonObject:
    references = resolve_references(call.workspace, sync)
    return _as_of_version(call, syncs.show(sync, call.version, references.problems))


def _as_of_version(call: Call, shown: JsonObject) -> JsonObject:
    if call.version >= CURRENT:
        return shown
    return older_filters.with_field_ids(shown, Sources(call.workspace.store))


def _save(call: Call, created: JsonObject, own_target: str | None = None) -> JsonObject:
    refuse_newer(call.arguments, call.version)
    workspace, sources = call.workspace, Sources(call.workspace.store)
    problems: list[Problem] = []
    sync = created | syncs.compose(call.arguments, sources, problems)
    sync["target"]["object"], creation = requested_target(workspace, call.arguments["target"])
    if own_target is not None:
        sync["target"]["object"], creation = own_target, None
    references = resolve_references(workspace, sync, sources, creation)
    problems += checks.find_problems(workspace, references)
    target = references.target
    if problems or target is None:
        raise refusal(problems, "The sync is not valid")
    create_target(workspace, target, sync, sources)
    sync["target"]["object"] = target.id
    sync |= {"updated_at": workspace.now(), "updated_by": ACTOR}
    workspace.store.put("sync", sync["id"], sync)
    return {"data": _as_of_version(call, syncs.show(sync, call.version, ()))}


ROUTES: Final[Routes] = {
    "GET /api/syncs": list_all,
    "POST /api/syncs": create,
    "GET /api/syncs/{id}": get,
    "PUT /api/syncs/{id}": update,
    "DELETE /api/syncs/{id}": delete,
    "POST /api/syncs/{id}/activate": activate,
    "GET /api/syncs/schedules": list_schedules,
}
