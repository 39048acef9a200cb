"""The pytest plugin: ``polytomic_sandbox``, ``polytomic_tools``, and the mark that configures them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from polytomic_mcp.common.spelling import unknown

if TYPE_CHECKING:
    from polytomic_mcp.testing.sandbox import PolytomicSandbox
    from polytomic_mcp.testing.tools import PolytomicTools

_MARK: Final = "polytomic"
_SETTINGS: Final = (
    "access_mode",
    "api_version",
    "auth_mode",
    "organization_id",
    "tools_allow",
    "tools_deny",
    "toolsets",
)
_OPTIONS: Final = ("allowed_hosts", "clock", "contacts", "faults", "key", "past", "start", "state", "tables")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, for runs with ``--strict-markers``."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(**options): options of the sandbox ({', '.join(_OPTIONS)}) "
        f"and settings of the tools ({', '.join(_SETTINGS)}).",
    )


@pytest.fixture
def polytomic_sandbox(request: pytest.FixtureRequest) -> "Iterator[PolytomicSandbox]":
    """Provide a new sandbox for each test; see ``PolytomicSandbox``."""
    from polytomic_mcp.testing.sandbox import PolytomicSandbox  # noqa: PLC0415 - pytest loads this every time

    with PolytomicSandbox(**_marked(request, _OPTIONS)) as sandbox:
        yield sandbox


@pytest.fixture
def polytomic_tools(
    request: pytest.FixtureRequest, polytomic_sandbox: "PolytomicSandbox"
) -> "Iterator[PolytomicTools]":
    """Provide the MCP tools, with all toolsets, connected to the test's sandbox; see ``PolytomicTools``."""
    from polytomic_mcp.testing.tools import PolytomicTools  # noqa: PLC0415 - pytest loads this every time

    with PolytomicTools.connect(polytomic_sandbox, **_marked(request, _SETTINGS)) as tools:
        yield tools


def _marked(request: pytest.FixtureRequest, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of these names from the test's marks; the closest mark wins.

    Raises:
        pytest.UsageError: A mark has an unknown option.
    """
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(_MARK))):
        options |= mark.kwargs
    if wrong := sorted(options.keys() - {*_OPTIONS, *_SETTINGS}):
        message = unknown("option", wrong[0], (*_OPTIONS, *_SETTINGS))
        raise pytest.UsageError(f"@pytest.mark.{_MARK}: {message}")
    return {name: value for name, value in options.items() if name in names}
