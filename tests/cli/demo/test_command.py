"""``polytomic-mcp demo``, run for real: what a person sees, and what a script gets."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polytomic_mcp.cli.demo.command import host_configuration
from polytomic_mcp.guides import load_guides

Command = Callable[..., Any]

DEMOS = {name for name, guide in load_guides().items() if not guide.no_demo}


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text(encoding="ascii").split()]


def test_a_person_sees_each_step_the_rows_and_the_configuration(command: Command) -> None:
    done = command("demo")
    steps = re.findall(r"^(\d+)\. ", done.out, re.MULTILINE)

    assert (done.status, done.err) == (0, "")
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    assert "completed: 20 insert" in done.out
    assert "Rows that arrived: 20 (the last 20)\n   Id" in done.out
    assert "is not known to salesforce" in done.out
    assert '"polytomic-sandbox"' in done.out
    assert '"POLYTOMIC_API_KEY"' in done.out
    assert "\x1b" not in done.out


def test_a_script_gets_one_document(command: Command) -> None:
    done = command("demo", "--json")
    document = json.loads(done.out)
    counts = document["execution"]["counts"]

    assert (done.status, done.err) == (0, "")
    assert len(document["arrived"]) == counts["insert"] == 20
    assert len(document["refused"]) == counts["error"] == 3
    assert all(row["reason"] for row in document["refused"])
    assert {row["Id"] for row in document["arrived"]} & {row["Id"] for row in document["flow"]}
    assert all({"title", "tool", "arguments", "result"} <= step.keys() for step in document["steps"])


@pytest.mark.parametrize("words", [["--list"], ["list"]])
def test_the_guides_are_listed_by_name_and_title(command: Command, words: list[str]) -> None:
    done = command("demo", *words)

    assert (done.status, done.err) == (0, "")
    assert re.search(r"^quickstart +Quickstart$", done.out, re.MULTILINE)
    assert len(re.findall(r"^\w+ ", done.out, re.MULTILINE)) == len(DEMOS)


def test_a_narrow_terminal_breaks_titles_and_no_names(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    lines = command("demo", "--list").out.splitlines()

    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines if not line.startswith(" ")} == DEMOS


def test_a_script_gets_the_list_as_one_document(command: Command) -> None:
    done = command("demo", "--list", "--json")

    assert {guide["name"] for guide in json.loads(done.out)["guides"]} == DEMOS


@pytest.mark.parametrize("name", ["repeat-requests-safely", "REPEAT_requests_safely"])
def test_a_guide_is_run_by_its_name(command: Command, name: str) -> None:
    done = command("demo", name)

    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Idempotent requests\n")
    assert "Rows of the one model\n   plan        customers\n" in done.out
    assert '"polytomic-sandbox"' not in done.out


def test_the_guide_about_failing_syncs_runs_in_an_organization_with_a_past(command: Command) -> None:
    done = command("demo", "find_what_fails")

    assert (done.status, done.err) == (0, "")
    assert "What failed, and why" in done.out
    assert "12 ok" in done.out


def test_a_guide_without_a_sync_has_no_execution(command: Command) -> None:
    document = json.loads(command("demo", "repeat_requests_safely", "--json").out)

    assert document["guide"] == "repeat_requests_safely"
    assert document["rows"][0] == {"plan": "enterprise", "customers": 7}
    assert "execution" not in document
    assert "configuration" in document


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("netsuite", "Unknown guide 'netsuite'. Did you mean 'sync_salesforce_to_netsuite'?"),
        ("quikstart", "Did you mean 'quickstart'?"),
        ("xyzzy", "Unknown guide 'xyzzy'. Valid values: "),
        ("xyzzy", "polytomic-mcp demo --list shows all guides."),
        ("set-up-this-server", "The guide set_up_this_server has no demo. Its steps change the settings of "),
    ],
)
def test_an_unknown_guide_is_refused_with_the_nearest_and_one_without_a_demo_with_the_reason(
    command: Command, name: str, said: str
) -> None:
    done = command("demo", name)

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_the_configuration_starts_the_same_server_from_any_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("id\n003A\n", encoding="utf-8")
    query = "SELECT id FROM people"

    done = command("demo", "--json", "--table", "people=people.csv", "--query", query, "--state", "box.db")

    entry = json.loads(done.out)["configuration"]["sandbox"]["mcpServers"]["polytomic-sandbox"]
    assert entry["command"] == sys.executable
    assert entry["args"][:5] == ["-P", "-m", "polytomic_mcp", "serve", "--sandbox"]
    assert f"--table=people={tmp_path}/people.csv" in entry["args"]
    assert f"--state={tmp_path}/box.db" in entry["args"]


def test_a_host_needs_the_full_path_of_this_python() -> None:
    assert host_configuration("polytomic", ["serve"], {"A": "b"}) == {
        "mcpServers": {
            "polytomic": {
                "command": sys.executable,
                "args": ["-P", "-m", "polytomic_mcp", "serve"],
                "env": {"A": "b"},
            }
        }
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--table", "people=missing.csv", "--query", "SELECT 1"], "No such file or directory"),
        (["--query", "SELECT nonsense FROM salesforce_contacts"], "nonsense"),
        (["--query", "SELEC 1"], "query"),
        (["--query", "SELECT contact_id FROM salesforce_contacts WHERE 1 = 0"], "The query returned no rows"),
        (
            ["--query", "SELECT 'none'", "--contacts", "SELECT contact_id FROM salesforce_contacts"],
            "Every row of the query was refused",
        ),
        (["--table", "people=people.csv"], "--table needs --query"),
        (["quickstart", "--query", "SELECT 1"], "--query works only with the guide add_snowflake"),
    ],
)
def test_what_cannot_work_is_reported_without_a_traceback(
    command: Command, words: list[str], said: str
) -> None:
    done = command("demo", "--json", *words)

    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_server_that_does_not_start_says_why(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'polytomic-mcp: no luck today' >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))

    done = command("demo")

    assert done.status == 1
    assert done.err == "polytomic-mcp: no luck today\n"


def test_rows_cannot_steer_the_terminal(command: Command, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("id,\x1b[2J\n\x1b]0;title\x07,x\n\u202e李雷 🎉,\x9b2J\n", encoding="utf-8")

    done = command("demo", "--table", f"people={people}", "--query", "SELECT id FROM people")

    assert done.status == 0
    assert "·]0;title·" in done.out
    assert "·李雷 🎉" in done.out
    assert all(line.isprintable() for line in done.out.splitlines())


def test_a_terminal_gets_colour() -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "polytomic_mcp", "demo", "--query", "SELECT 1 WHERE 1 = 0"]
    environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(words, stdout=theirs, stderr=theirs, env=environ)  # noqa: S603 - our own
    os.close(theirs)
    try:
        shown = b""
        while b"1. List" not in shown:
            shown += os.read(ours, 4096)
    finally:
        process.kill()
        process.wait(timeout=10)
        os.close(ours)

    assert b"\x1b[1m1. List the connections\x1b[0m" in shown


def test_ctrl_c_ends_the_demo_and_its_server(start: Callable[..., Any]) -> None:
    process = start("demo")
    while not process.stdout.readline().startswith("1. "):
        pass
    (server,) = children(process.pid)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (130, "")
    assert not Path(f"/proc/{server}").exists()


def test_a_server_that_is_lost_is_reported(start: Callable[..., Any]) -> None:
    process = start("demo")
    while not process.stdout.readline().startswith("1. "):
        pass

    os.kill(children(process.pid)[0], signal.SIGKILL)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "The server ended early" in err
    assert "Traceback" not in err
