"""The OpenAPI document of the sandbox, for tools that read one."""

from typing import Final

from starlette.routing import Route

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.control.openapi import describe
from polytomic_mcp.sandbox.control.route import Control, control
from polytomic_mcp.sandbox.routes import ROUTES as OPERATIONS


def get(asked: Control) -> JsonObject:
    """Answer with the document."""
    del asked
    return describe(load_catalogue(), OPERATIONS)


ROUTES: Final[tuple[Route, ...]] = (control("GET", "/openapi.json", get),)
