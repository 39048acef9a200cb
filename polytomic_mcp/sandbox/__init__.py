"""A sandbox for Polytomic in this process: the API, a sample company, and syncs that move real rows."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polytomic_mcp.sandbox.app import create_sandbox

__all__ = ["create_sandbox"]


def __getattr__(name: str) -> Any:
    """Import the application at its first use: a process that runs a query needs only a few modules."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.app"), name)
