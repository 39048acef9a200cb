"""``/sandbox/faults``: add, list and remove faults."""

from typing import Final

from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.control.route import Control, bad_input, control


def list_(request: Control) -> JsonObject:
    """Return the active faults."""
    return {"data": [rule.to_json() for rule in request.workspace.faults.rules()]}


def add(request: Control) -> JsonObject:
    """Add the fault that the body describes."""
    try:
        return {"data": request.workspace.faults.add(request.body).to_json()}
    except ValueError as error:
        raise bad_input(str(error)) from error


def clear(request: Control) -> None:
    """Remove all faults."""
    request.workspace.faults.clear()


def remove(request: Control) -> None:
    """Remove one fault."""
    if not request.workspace.faults.remove(request.path["id"]):
        raise not_found("fault", request.path["id"])


ROUTES: Final[tuple[Route, ...]] = (
    control("GET", "/faults", list_),
    control("POST", "/faults", add),
    control("DELETE", "/faults", clear),
    control("DELETE", "/faults/{id}", remove),
)
