"""``polytomic-mcp sandbox``: the sandbox over HTTP, started, used and stopped."""

import builtins
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

READY = re.compile(r"sandbox listening on (http://\S+:\d+) key=(\S+)\n")


def me(line: str, **headers: str) -> httpx.Response:
    """Ask the sandbox that said this line who we are."""
    match = READY.fullmatch(line)
    assert match
    authorization = {"Authorization": f"Bearer {match[2]}", "X-Polytomic-Version": "2025-09-18"}
    return httpx.get(f"{match[1]}/api/me", headers=authorization | headers, trust_env=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_stops_on_a_signal(
    interrupted: Callable[..., tuple[int, str]], number: int
) -> None:
    answers: list[httpx.Response] = []

    status, line = interrupted("sandbox", visit=lambda line: answers.append(me(line)), number=number)

    assert status == 0
    assert line.startswith("sandbox listening on http://127.0.0.1:")
    assert [answer.status_code for answer in answers] == [200]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_stops_on_a_signal_without_a_word(start: Callable[..., Any], number: int) -> None:
    process = start("sandbox")
    assert me(process.stdout.readline()).status_code == 200

    process.send_signal(number)
    out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (0, "", "")


def test_it_wants_its_key(interrupted: Callable[..., tuple[int, str]]) -> None:
    answers: list[httpx.Response] = []

    _, line = interrupted(
        "sandbox", "--key", "mine", visit=lambda line: answers.append(me(line, Authorization="Bearer other"))
    )

    assert line.endswith(" key=mine\n")
    assert [answer.status_code for answer in answers] == [401]


def test_every_start_without_a_key_makes_a_new_one(interrupted: Callable[..., tuple[int, str]]) -> None:
    keys = {interrupted("sandbox", visit=bool)[1].rpartition("=")[2] for _ in range(2)}

    assert len(keys) == 2
    assert min(map(len, keys)) > 16


def test_after_it_the_signal_means_what_it_did(interrupted: Callable[..., tuple[int, str]]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    interrupted("sandbox", visit=bool)

    assert signal.getsignal(signal.SIGTERM) is before


def test_a_port_in_use_is_one_line_and_1(command: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = command("sandbox", "--port", port)

    assert (done.status, done.out) == (1, "")
    assert done.err == (
        f"polytomic-mcp: Cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Choose another --port or --host.\n"
    )


@pytest.mark.parametrize("table", ["people", "=people.csv", "people="])
def test_what_is_no_table_is_not_understood(command: Callable[..., Any], table: str) -> None:
    done = command("sandbox", f"--table={table}")

    assert done.status == 2
    assert f"{table!r} is not NAME=FILE" in done.err


@pytest.mark.parametrize("port", ["-1", "65536", "http", "²"])
def test_what_is_no_port_is_not_understood(command: Callable[..., Any], port: str) -> None:
    done = command("sandbox", f"--port={port}")

    assert done.status == 2
    assert "is not a port between 0 and 65535" in done.err


def test_it_listens_on_ipv6_too(interrupted: Callable[..., tuple[int, str]]) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    answers: list[httpx.Response] = []

    interrupted("sandbox", "--host", "::1", visit=lambda line: answers.append(me(line)))

    assert [answer.status_code for answer in answers] == [200]


def test_a_table_and_a_state_file_are_used(
    interrupted: Callable[..., tuple[int, str]], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    people, state = tmp_path / "people.csv", tmp_path / "box.db"
    people.write_text("contact_id,name\n003A,Zoë\n", encoding="utf-8")
    contacts = "SELECT contact_id FROM people"

    status, _ = interrupted(
        "sandbox", f"--table=people={people}", f"--state={state}", f"--contacts={contacts}", visit=bool
    )

    with sqlite3.connect(state) as connection:
        rows = connection.execute(
            'SELECT count(*) FROM "salesforce.Contact" WHERE "Id" = ?', ("003A",)
        ).fetchall()
    connection.close()
    assert status == 0
    assert rows == [(1,)]
    assert capfd.readouterr().err.startswith("people.csv: 1 rows in table public.people\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--table", "people=missing.csv"], "No such file or directory"),
        (["--table", "people=people.txt"], ".csv"),
        (["--contacts", "SELECT nothing FROM nowhere"], "nowhere"),
        (["--state", "."], "state file"),
        (["--state", "readme.md"], "state file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    command: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("readme.md").write_text("# no database\n" * 100, encoding="utf-8")

    done = command("sandbox", *words)

    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("polytomic-mcp: ")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_missing_extra_is_named_with_how_to_get_it(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_duckdb(name: str, *rest: Any) -> Any:
        if name == "polytomic_mcp.sandbox":
            raise ModuleNotFoundError("No module named 'duckdb'", name="duckdb")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_duckdb)

    done = command("sandbox")

    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "polytomic-mcp: The sandbox needs duckdb, which is missing: pip install 'polytomic-mcp[sandbox]'.\n"
    )


def test_the_state_file_may_come_from_the_environment(
    interrupted: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYTOMIC_SANDBOX_STATE", os.fspath(tmp_path / "box.db"))

    interrupted("sandbox", visit=bool)

    assert (tmp_path / "box.db").stat().st_size > 0
