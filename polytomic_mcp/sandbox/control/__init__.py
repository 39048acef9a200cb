"""The routes under ``/sandbox``, which control the sandbox itself, outside the API and without a key.

To add a module, import it and list its ``ROUTES`` in ``CONTROLS``; ``route.control`` creates them.
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
