"""An MCP server for Polytomic, and a sandbox to try it on."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polytomic_mcp.client import Polytomic
    from polytomic_mcp.errors import (
        AccessDeniedError,
        ArgumentError,
        ConfigurationError,
        ConflictError,
        ForbiddenError,
        MissingArgumentError,
        NoAnswerError,
        NotFoundError,
        OutOfTimeError,
        PolytomicError,
        RateLimitedError,
        RefusedError,
        UnauthorizedError,
        UnavailableError,
        UnexpectedAnswerError,
        UnknownArgumentError,
        UnknownOperationError,
    )
    from polytomic_mcp.sandbox import create_sandbox
    from polytomic_mcp.server import build_server
    from polytomic_mcp.settings import Settings

__all__ = [
    "AccessDeniedError",
    "ArgumentError",
    "ConfigurationError",
    "ConflictError",
    "ForbiddenError",
    "MissingArgumentError",
    "NoAnswerError",
    "NotFoundError",
    "OutOfTimeError",
    "Polytomic",
    "PolytomicError",
    "RateLimitedError",
    "RefusedError",
    "Settings",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnknownArgumentError",
    "UnknownOperationError",
    "build_server",
    "create_sandbox",
]

_HOMES: Final = {
    "Polytomic": "client",
    "Settings": "settings",
    "build_server": "server",
    "create_sandbox": "sandbox",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that a start imports only what it needs."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
