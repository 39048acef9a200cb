"""The addresses that steer the sandbox itself, under ``/sandbox``, outside the API and without its key.

A module joins by its line in the import and its line in ``CONTROLS``; its ``ROUTES`` are made with
``control_route.control``.
"""

from typing import Final

from starlette.routing import Route

from polytomic_mcp.sandbox import control_clock, control_faults, control_openapi, control_requests

CONTROLS: Final[tuple[Route, ...]] = (
    *control_clock.ROUTES,
    *control_faults.ROUTES,
    *control_openapi.ROUTES,
    *control_requests.ROUTES,
)
