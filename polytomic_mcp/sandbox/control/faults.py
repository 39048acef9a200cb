"""``/sandbox/faults``: let faults stand, see them, lift them."""

from typing import Final

from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.control.route import Control, bad_input, control


def show(asked: Control) -> JsonObject:
    """Answer with the faults that stand."""
    return {"data": [rule.to_json() for rule in asked.workspace.faults.rules()]}


def add(asked: Control) -> JsonObject:
    """Let the fault stand that the body describes."""
    try:
        return {"data": asked.workspace.faults.add(asked.body).to_json()}
    except ValueError as error:
        raise bad_input(str(error)) from error


def clear(asked: Control) -> None:
    """Lift all."""
    asked.workspace.faults.clear()


def remove(asked: Control) -> None:
    """Lift one."""
    if not asked.workspace.faults.remove(asked.path["id"]):
        raise not_found("fault", asked.path["id"])


ROUTES: Final[tuple[Route, ...]] = (
    control("GET", "/faults", show),
    control("POST", "/faults", add),
    control("DELETE", "/faults", clear),
    control("DELETE", "/faults/{id}", remove),
)
