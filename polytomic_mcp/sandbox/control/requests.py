"""``/sandbox/requests``: which requests the API saw."""

from typing import Final

from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.control.route import Control, control


def show(asked: Control) -> JsonObject:
    """Answer with the last requests, oldest first."""
    return {"data": [request.to_json() for request in asked.workspace.requests]}


def clear(asked: Control) -> None:
    """Forget them."""
    asked.workspace.requests.clear()


ROUTES: Final[tuple[Route, ...]] = (
    control("GET", "/requests", show),
    control("DELETE", "/requests", clear),
)
