"""Model syncs: create, list, read, replace, delete, activate, and what they may be scheduled for."""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.connections import connections
from polytomic_mcp.sandbox.resources.models.source_fields import Sources
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.resources.syncs import checks, executions, syncs
from polytomic_mcp.sandbox.resources.syncs.target_creation import make_target, plan_target
from polytomic_mcp.sandbox.resources.syncs.targets import Target

_FILTERS: Final = {"active": "active", "mode": "mode", "target_connection_id": "target.connection_id"}
"""Where a sync keeps what a list can be filtered by."""


def list_all(call: Call) -> JsonObject:
    """List the syncs: whole on 2024-02-08; light and in pages, newest change first, on 2025-09-18."""
    store = call.workspace.store
    where = {path: call.arguments[name] for name, path in _FILTERS.items() if name in call.arguments}
    if call.version < CURRENT:
        return {"data": [_shown(call, sync) for sync in store.list("sync", where)]}
    limit = call.arguments.get("limit", pagination.LARGEST_PAGE)
    shown, page = pagination.newest(store, "sync", where, token=call.arguments.get("page_token"), limit=limit)
    return {"data": [syncs.show_light(sync) for sync in shown], "pagination": page}


def create(call: Call) -> JsonObject:
    """Create a sync, and its target object where ``target.create`` asks for one."""
    now = call.workspace.now()
    made = {
        "id": call.workspace.new_id(),
        "organization_id": call.workspace.organization_id,
        "created_at": now,
        "created_by": ACTOR,
    }
    return _save(call, made)


def get(call: Call) -> JsonObject:
    """Answer with one sync, and with what it names and is no longer there."""
    return {"data": _shown(call, call.workspace.find("sync", call.arguments["id"]))}


def update(call: Call) -> JsonObject:
    """Replace a sync: what is left out falls back to its default."""
    sync = call.workspace.find("sync", call.arguments["id"])
    return _save(call, {key: sync[key] for key in ("id", "organization_id", "created_at", "created_by")})


def delete(call: Call) -> Answer:
    """Delete a sync with its executions and logs; one that runs has to be canceled first."""
    sync = call.workspace.find("sync", call.arguments["id"])
    if executions.current(call.workspace, sync["id"]) is not None:
        raise RefusalError(
            409, f"Sync {sync['name']} is running; cancel it or wait for its end.", key="sync_running"
        )
    history.delete_all(call.workspace, "sync", sync["id"])
    timetable.delete_marks(call.workspace, sync["id"])
    call.workspace.store.delete("sync", sync["id"])
    return Answer(status=204)


def activate(call: Call) -> JsonObject:
    """Switch a sync's schedule on or off; an execution that is under way goes on."""
    sync = call.workspace.find("sync", call.arguments["id"])
    active: bool = call.arguments["active"]
    changed = {"active": active, "updated_at": call.workspace.now(), "updated_by": ACTOR}
    call.workspace.store.put("sync", sync["id"], sync | changed)
    return {"data": {"id": sync["id"], "active": active}}


def _shown(call: Call, sync: JsonObject) -> JsonObject:
    problems = checks.reference_problems(call.workspace, sync, Sources(call.workspace.store))
    return syncs.show(sync, call.version, problems)


def _save(call: Call, made: JsonObject) -> JsonObject:
    workspace, sources = call.workspace, Sources(call.workspace.store)
    problems: list[Problem] = []
    sync = made | syncs.compose(call.arguments, sources, problems)
    target = _target(call, sync, sources, problems)
    if target is not None:
        problems += checks.rule_problems(workspace, sync, target)
    if problems or target is None:
        raise refusal(problems, "The sync is not valid")
    make_target(workspace, target, sync, sources)
    sync["target"]["object"] = target.id
    sync |= {"updated_at": workspace.now(), "updated_by": ACTOR}
    workspace.store.put("sync", sync["id"], sync)
    return {"data": syncs.show(sync, call.version, [])}


def _target(call: Call, sync: JsonObject, sources: Sources, problems: list[Problem]) -> Target | None:
    """Return the target to write to; what stands in the way is added to the problems."""
    connection = call.workspace.store.get("connection", sync["target"]["connection_id"])
    if connection is not None and (reason := connections.destination_problem(connection)):
        problems.append(Problem("not_a_destination", reason, "target.connection_id"))
    create_: dict[str, Any] | None = call.arguments["target"].get("create")
    if connection is None or not create_:
        problems += checks.reference_problems(call.workspace, sync, sources)
        return checks.find_target(call.workspace, sync)
    problems += checks.source_problems(sync, sources)
    planned = plan_target(call.workspace, system_of(connection), sync, create_, sources)
    if isinstance(planned, Problem):
        problems.append(planned)
        return None
    return planned


ROUTES: Final[Routes] = {
    "GET /api/syncs": list_all,
    "POST /api/syncs": create,
    "GET /api/syncs/{id}": get,
    "PUT /api/syncs/{id}": update,
    "DELETE /api/syncs/{id}": delete,
    "POST /api/syncs/{id}/activate": activate,
}
