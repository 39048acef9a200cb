"""The addresses that steer the sandbox itself, under ``/sandbox``, outside the API and without its key.

A module joins by its line in the import and its line in ``CONTROLS``; its ``ROUTES`` are made with
``route.control``.
"""

from typing import Final

from starlette.routing import Route

from polytomic_mcp.sandbox.control import clock, faults, openapi, requests

CONTROLS: Final[tuple[Route, ...]] = (
    *clock.ROUTES,
    *faults.ROUTES,
    *openapi.ROUTES,
    *requests.ROUTES,
)
