"""The pages under docs/: generated ones are up to date, and the configuration page is complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from polytomic_mcp.cli import main
from polytomic_mcp.guides import load_guides
from polytomic_mcp.settings import VARIABLES

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text("utf-8")
COMMANDS = ("serve", "demo", "call", "tools", "sandbox", "clock")


@pytest.mark.slow
def test_the_generated_pages_are_up_to_date() -> None:
    check = subprocess.run(
        [sys.executable, "-m", "scripts.pages", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (check.stderr, check.returncode) == ("", 0)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_documented(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])

    flags = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out)) - {"--help"}
    assert flags
    assert {flag for flag in flags if f"`{flag}" not in CONFIGURATION} == set()


def test_every_variable_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(POLYTOMIC_\w+)` \|.*\| (.*?) \|$", CONFIGURATION, re.MULTILINE)

    assert [name for name, _ in rows] == [variable.name for variable in VARIABLES]
    assert [default.strip("`") for _, default in rows[:-1]] == [
        variable.default or "none" for variable in VARIABLES[:-1]
    ]
    assert (rows[-1][1], VARIABLES[-1].default) == ("in memory", None)


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")

    assert {
        page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in readme
    } == set()


def test_the_readme_shows_steps_of_the_demo() -> None:
    steps = load_guides()["add_snowflake_contacts_to_gong_engage_flow"].steps_of("demo")
    titles = dict(enumerate((step.do for step in steps if step.tool), 1))
    shown = re.findall(r"^ ?(\d+)\. (.*?) +→", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)

    assert len(shown) == 10
    assert [title for _, title in shown] == [titles[int(number)] for number, _ in shown]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 6_000


@pytest.mark.parametrize("path", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]), ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []
