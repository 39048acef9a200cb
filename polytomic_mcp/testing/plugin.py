"""The pytest plugin: ``polytomic_sandbox`` and ``polytomic_tools``, and the mark that sets them up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

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
_OPTIONS: Final = ("allowed_hosts", "clock", "contacts", "faults", "key", "start", "state", "tables")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, for runs with ``--strict-markers``."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(**options): what the sandbox starts with ({', '.join(_OPTIONS)}), "
        f"and how the tools are set ({', '.join(_SETTINGS)}).",
    )


@pytest.fixture
def polytomic_sandbox(request: pytest.FixtureRequest) -> "Iterator[PolytomicSandbox]":
    """Give the test a Polytomic of its own; see ``PolytomicSandbox``."""
    from polytomic_mcp.testing.sandbox import PolytomicSandbox  # noqa: PLC0415 - pytest loads this every time

    with PolytomicSandbox(**_marked(request, _OPTIONS)) as sandbox:
        yield sandbox


@pytest.fixture
def polytomic_tools(
    request: pytest.FixtureRequest, polytomic_sandbox: "PolytomicSandbox"
) -> "Iterator[PolytomicTools]":
    """Give the test the MCP tools over its sandbox, all toolsets; see ``PolytomicTools``."""
    from polytomic_mcp.testing.tools import PolytomicTools  # noqa: PLC0415 - pytest loads this every time

    with PolytomicTools.connect(polytomic_sandbox, **_marked(request, _SETTINGS)) as tools:
        yield tools


def _marked(request: pytest.FixtureRequest, names: tuple[str, ...]) -> dict[str, Any]:
    """Return what the marks around the test say of these names; the nearest mark wins."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(_MARK))):
        options |= mark.kwargs
    if unknown := sorted(options.keys() - {*_OPTIONS, *_SETTINGS}):
        known = ", ".join((*_OPTIONS, *_SETTINGS))
        raise pytest.UsageError(f"@pytest.mark.{_MARK} takes {known}, not {', '.join(unknown)}")
    return {name: value for name, value in options.items() if name in names}
