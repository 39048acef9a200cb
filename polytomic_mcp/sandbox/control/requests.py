"""``/sandbox/requests``: list and clear the requests that the API received."""

from typing import Final

from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.control.route import Control, control


def list_(request: Control) -> JsonObject:
    """Return the last requests, oldest first."""
    return {"data": [each.to_json() for each in request.workspace.requests]}


def clear(request: Control) -> None:
    """Clear the list."""
    request.workspace.requests.clear()


ROUTES: Final[tuple[Route, ...]] = (
    control("GET", "/requests", list_),
    control("DELETE", "/requests", clear),
)
