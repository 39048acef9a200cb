"""The target objects of a connection, their fields, and the properties of new ones."""

from collections.abc import Sequence
from typing import Any, Final

from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import holds_nothing
from polytomic_mcp.sandbox.resources.connections.connections import require_destination
from polytomic_mcp.sandbox.resources.syncs import targets
from polytomic_mcp.sandbox.resources.syncs.target_creation import build_target


def list_objects(call: Call) -> dict[str, Any]:
    """List the target objects, and the properties of a new one."""
    system = _system(call)
    properties = targets.creation_properties(call.workspace, system)
    if not call.arguments.get("include_target_creation_values"):
        properties = [each | {"values": None} for each in properties]
    return {
        "data": [target.summarize() for target in targets.list_targets(call.workspace, system)],
        "target_creation": {"supported": bool(properties), "properties": properties},
    }


def get_property(call: Call) -> dict[str, Any]:
    """Return one property of a new target object, with its values."""
    system = _system(call)
    name = call.arguments["property"]
    properties = targets.creation_properties(call.workspace, system)
    for each in properties:
        if each["id"] == name:
            return {"data": each}
    names = [each["id"] for each in properties]
    raise RefusalError(404, _unknown_property(system, name, names), key="not_found")


def get_fields(call: Call) -> dict[str, Any]:
    """Describe one target object, or the new one that ``properties`` describe."""
    system = _system(call)
    name = call.arguments.get("target")
    properties = call.arguments.get("properties")
    if (name is None) == (properties is None):
        raise RefusalError(400, "Send exactly one of target and properties[name]=value.", key="bad_request")
    target = _new_target(call, system) if name is None else targets.get_target(call.workspace, system, name)
    if target is None:
        names = [each.id for each in targets.list_targets(call.workspace, system)]
        message = f"{system} has no target object {quoted(str(name))}.{valid_values(str(name), names)}"
        raise RefusalError(404, message, key="not_found")
    return {"data": target.describe(call.workspace.now())}


def _system(call: Call) -> str:
    """Return the system that the connection writes to. Raises a 422 refusal if it has no data."""
    system = require_destination(call.workspace, call.arguments["id"])
    if reason := holds_nothing(system):
        raise RefusalError(422, reason, key="no_data")
    return system


def _new_target(call: Call, system: str) -> targets.Target:
    values = {name: items[-1] for name, items in call.arguments["properties"].items()}
    known = [each["id"] for each in targets.creation_properties(call.workspace, system)]
    if not known:
        message = f"{system} does not support new target objects. Send target instead of properties."
        raise RefusalError(422, message)
    if wrong := sorted(values.keys() - set(known)):
        raise RefusalError(422, _unknown_property(system, wrong[0], known))
    return build_target(call.workspace, system, {"name": "new", **values})


def _unknown_property(system: str, name: str, known: Sequence[str]) -> str:
    return f"A new target object of {system} has no property {quoted(name)}.{valid_values(name, known)}"


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/modelsync/targetobjects": list_objects,
    "GET /api/connections/{id}/modelsync/targetobjects/properties/{property}": get_property,
    "GET /api/connections/{id}/modelsync/target/fields": get_fields,
}
