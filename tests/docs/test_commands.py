"""Every command, program and configuration in README.md and docs/ works as printed.

The blocks of a page run in order in one empty folder. ``stand_ins`` holds what is not installed everywhere,
and stops servers once they are ready; a sandbox stands in for the addresses and the key that pages print.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from polytomic_mcp.testing import PolytomicSandbox

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).parent / "stand_ins"
PAGES = ("README.md", "docs/configuration.md", "docs/sandbox.md", "docs/testing.md")
"""The pages written by hand; the commands of docs/guides.md are the stories."""
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return [block for name, block in BLOCK.findall(text) if name == language]


def cases(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{page}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page, language))
    ]


@pytest.fixture
def sandbox() -> Iterator[PolytomicSandbox]:
    with PolytomicSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def environ(sandbox: PolytomicSandbox, tmp_path: Path) -> dict[str, str]:
    path = f"{STAND_INS}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), **sandbox.environ}


def on_the_sandbox(text: str, sandbox: PolytomicSandbox) -> str:
    """Replace the key and the addresses that a page prints."""
    for printed, right in (
        ("POLYTOMIC_API_KEY=...", f"POLYTOMIC_API_KEY={sandbox.key}"),
        ('os.environ["POLYTOMIC_API_KEY"]', f'"{sandbox.key}", base_url="{sandbox.url}"'),
        ("http://127.0.0.1:9000", sandbox.url),
        ("--port 9000", "--port 0"),
        ("--port 8080", "--port 0"),
        ("./scripts/demo", "polytomic-mcp demo"),
        ("./scripts/test", f"test -x {ROOT}/scripts/test"),
    ):
        text = text.replace(printed, right)
    return text


@pytest.mark.parametrize("page", PAGES)
def test_the_shell_commands_of_a_page_run(
    page: str, sandbox: PolytomicSandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    script = on_the_sandbox("".join(blocks(page, "sh")), sandbox)

    run = subprocess.run(  # noqa: S603 - the commands of our own pages
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - whichever bash is there
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("block", cases("python"))
def test_a_program_runs(
    block: str, sandbox: PolytomicSandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    program = tmp_path / "test_program.py"
    program.write_text(on_the_sandbox(block, sandbox), "utf-8")
    pytest_words = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in block else []

    run = subprocess.run(  # noqa: S603 - the programs of our own pages
        [sys.executable, *pytest_words, program.name],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("block", [*cases("json"), (ROOT / "mcp.json").read_text("utf-8")])
async def test_a_configuration_starts_servers(block: str, sandbox: PolytomicSandbox) -> None:
    document = json.loads(block)

    for server in (document.get("mcpServers") or document["servers"]).values():
        given = dict.fromkeys(server.get("env", {}), sandbox.key)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        parameters = StdioServerParameters(
            command=server["command"], args=server["args"], env={"PATH": path, **given}
        )
        async with Client(stdio_client(parameters)) as client:
            tools = await client.list_tools()
        assert len(tools.tools) >= 30
