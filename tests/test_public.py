"""The public names, and that a start imports only what it uses."""

import inspect
import json
import runpy
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import polytomic_mcp
from polytomic_mcp import errors

HEAVY = {"duckdb", "sqlglot", "jsonschema", "polytomic_mcp.sandbox", "catalogue-read"}
CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
REQUESTS = (
    {"id": 0, "method": "initialize", "params": CLIENT},
    {"method": "notifications/initialized"},
    {"id": 1, "method": "tools/list"},
)
SERVE = """
import sys
from polytomic_mcp.cli import run

run(["serve"])
modules = set(sys.modules)

from polytomic_mcp.catalogue import load_catalogue

print(*modules, "catalogue-read" if load_catalogue.cache_info().currsize else "", file=sys.stderr)
"""


def python(code: str) -> "subprocess.Popen[str]":
    """Start a Python of its own."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 - our own


def test_the_public_names_are_sorted() -> None:
    assert polytomic_mcp.__all__ == sorted(polytomic_mcp.__all__)


@pytest.mark.parametrize("name", polytomic_mcp.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(polytomic_mcp, name).__name__ == name


def test_every_error_is_public_and_drawn_in_the_tree() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.PolytomicError)
    }

    assert sorted(defined) == errors.__all__
    assert defined <= set(polytomic_mcp.__all__)
    assert all(f"{name} " in (errors.__doc__ or "") for name in defined)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'polytomic_mcp' has no attribute 'nothing'"):
        getattr(polytomic_mcp, "nothing")  # noqa: B009 - a name that no type checker should look for


def test_the_module_can_be_run_and_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import_module("polytomic_mcp.__main__")
    monkeypatch.setattr(sys, "argv", ["polytomic-mcp", "--version"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(polytomic_mcp.__file__).with_name("__main__.py")), run_name="__main__")

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"polytomic-mcp {version('polytomic-mcp')}\n"


def test_importing_the_package_loads_nothing_else_of_it() -> None:
    with python("import sys, polytomic_mcp; print(*sys.modules)") as process:
        loaded, _ = process.communicate(timeout=30)

    assert [name for name in loaded.split() if name.startswith("polytomic_mcp")] == ["polytomic_mcp"]


def test_a_start_on_stdio_that_lists_tools_loads_no_sandbox_no_engine_and_no_catalogue() -> None:
    with python(SERVE) as process:
        assert process.stdin
        assert process.stdout
        for request in REQUESTS:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **request}) + "\n")
            process.stdin.flush()
        answers = [process.stdout.readline() for _ in range(2)]
        _, loaded = process.communicate(timeout=30)

    assert '"list_connections"' in answers[1]
    assert "polytomic_mcp.server" in loaded.split()
    assert HEAVY.isdisjoint(loaded.split())


def test_listing_every_tool_imports_no_module_of_a_tool() -> None:
    listing = (
        "import sys; from polytomic_mcp.settings import TOOLSETS, Settings; "
        "from polytomic_mcp.tools.toolsets import shown_tools, toolsets; "
        "shown_tools(Settings(toolsets=TOOLSETS)); "
        "paths = [path for toolset in toolsets() for path in toolset.paths('full-access')]; "
        "print({f'polytomic_mcp.tools.{path}'.rpartition('.')[0] for path in paths} & {*sys.modules})"
    )
    with python(listing) as process:
        imported, _ = process.communicate(timeout=30)

    assert imported == "set()\n"
