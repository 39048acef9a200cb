"""What a connection can be written to: target objects, their fields, and the making of new ones."""

from typing import Any, Final

from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.problems import nearest
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import holds_nothing
from polytomic_mcp.sandbox.resources.connections.connections import require_destination
from polytomic_mcp.sandbox.resources.syncs import targets
from polytomic_mcp.sandbox.resources.syncs.target_creation import planned_target


def list_objects(call: Call) -> dict[str, Any]:
    """List the target objects, and what a new one would take."""
    system = _system(call)
    properties = targets.creation_properties(call.workspace, system)
    if not call.arguments.get("include_target_creation_values"):
        properties = [each | {"values": None} for each in properties]
    return {
        "data": [target.light() for target in targets.list_targets(call.workspace, system)],
        "target_creation": {"supported": bool(properties), "properties": properties},
    }


def get_property(call: Call) -> dict[str, Any]:
    """List the values of one property of a new target object."""
    system = _system(call)
    name = call.arguments["property"]
    properties = targets.creation_properties(call.workspace, system)
    for each in properties:
        if each["id"] == name:
            return {"data": each}
    hint = nearest(name, [each["id"] for each in properties])
    raise RefusalError(
        404, f"{system} makes no new target objects with a property {name!r}: {hint}", key="not_found"
    )


def get_fields(call: Call) -> dict[str, Any]:
    """Describe one target object, or the one that ``properties`` would make."""
    system = _system(call)
    name = call.arguments.get("target")
    properties = call.arguments.get("properties")
    if (name is None) == (properties is None):
        raise RefusalError(400, "Send exactly one of target and properties[name]=value.", key="bad_request")
    target = _planned(call, system) if name is None else targets.get_target(call.workspace, system, name)
    if target is None:
        names = [each.id for each in targets.list_targets(call.workspace, system)]
        raise RefusalError(
            404, f"{system} has no target object {name!r}: {nearest(str(name), names)}", key="not_found"
        )
    return {"data": target.full(call.workspace.now())}


def _system(call: Call) -> str:
    """Return the system that is written to; one that holds no data has no objects either."""
    system = require_destination(call.workspace, call.arguments["id"])
    if reason := holds_nothing(system):
        raise RefusalError(422, reason, key="no_data")
    return system


def _planned(call: Call, system: str) -> targets.Target:
    values = {name: items[-1] for name, items in call.arguments["properties"].items()}
    known = {each["id"] for each in targets.creation_properties(call.workspace, system)}
    if not known:
        raise RefusalError(422, f"{system} makes no new target objects; name an existing one in target.")
    if unknown := sorted(values.keys() - known):
        names, takes = ", ".join(unknown), ", ".join(sorted(known))
        raise RefusalError(422, f"{system} knows no property {names}; a new target takes {takes}.")
    return planned_target(call.workspace, system, {"name": "new", **values})


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/modelsync/targetobjects": list_objects,
    "GET /api/connections/{id}/modelsync/targetobjects/properties/{property}": get_property,
    "GET /api/connections/{id}/modelsync/target/fields": get_fields,
}
