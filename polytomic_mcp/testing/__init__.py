"""Pytest fixtures for your own tests: a sandbox, and the MCP tools connected to it.

The plugin is installed with the package. It provides ``polytomic_sandbox``, a ``PolytomicSandbox``, and
``polytomic_tools``, a ``PolytomicTools``. ``@pytest.mark.polytomic`` configures them:

    @pytest.mark.polytomic(tables={"people": "people.csv"}, faults=["status=503; times=2"])
    def test_it(polytomic_sandbox, polytomic_tools):
        sync = polytomic_tools.call("create_sync", ...)
        report = polytomic_sandbox.advance("1d")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polytomic_mcp.testing.sandbox import PolytomicSandbox
    from polytomic_mcp.testing.tools import PolytomicTools, ToolRefusedError

__all__ = ["PolytomicSandbox", "PolytomicTools", "ToolRefusedError"]

_HOMES: Final = {"PolytomicSandbox": "sandbox", "PolytomicTools": "tools", "ToolRefusedError": "tools"}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, because pytest loads the plugin in every run."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
