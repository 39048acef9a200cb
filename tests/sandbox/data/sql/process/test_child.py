"""The process as its parent sees it: how it fails, and how it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.process.child import Child
from polytomic_mcp.sandbox.data.sql.process.limits import Limits
from polytomic_mcp.sandbox.data.sql.process.watch import Watch

ENDLESS = (
    "SELECT levenshtein(string_agg(range::VARCHAR, ''), string_agg((range + 1)::VARCHAR, ''))"
    " FROM range(200_000)"
)
"""DuckDB does not check for an interrupt meanwhile."""


def _folder(child: Child) -> Path:
    return Path(cast("list[str]", child._process.args)[-1])


@pytest.fixture
def watch(child: Child) -> Any:
    with Watch(child, Limits(), seconds=60) as watch:
        yield watch


def test_a_query_runs_in_another_process(child: Child, watch: Watch) -> None:
    with child.query("SELECT 1 AS a, 'x' AS b", watch) as (columns, rows):
        found = list(rows)

    assert (columns, found) == ([("a", "INTEGER"), ("b", "VARCHAR")], [(1, "x")])
    assert child._process.pid != os.getpid()
    assert child.resident() > 10_000_000
    assert child.is_usable


def test_a_query_that_its_reader_leaves_early_does_not_cost_the_process(child: Child, watch: Watch) -> None:
    with child.query("SELECT range FROM range(1000000)", watch) as (_, rows):
        first = next(rows)

    assert first == (0,)
    assert child.is_usable


def test_a_failure_that_nobody_reads_does_not_cost_the_process(child: Child, watch: Watch) -> None:
    with child.query("SELECT 1", watch):
        child._send("query", "SELECT 'x'::INTEGER")

    assert child.is_usable


def test_a_process_that_does_not_stop_is_not_used_again(child: Child, watch: Watch) -> None:
    with child.query("SELECT 1", watch):
        child._send("query", ENDLESS)

    assert not child.is_usable


def test_a_function_that_ignores_interrupts_is_stopped(child: Child) -> None:
    with (
        Watch(child, Limits(), seconds=0.5) as watch,
        pytest.raises(QueryError, match=r"took longer than 0\.5 s; narrow it down"),
        child.query(ENDLESS, watch) as (_, rows),
    ):
        next(rows)

    assert not child.is_usable


@pytest.mark.parametrize(("number", "name"), [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGABRT, "SIGABRT")])
def test_a_crash_is_a_refusal(child: Child, watch: Watch, number: int, name: str) -> None:
    with child.query("SELECT range FROM range(100000)", watch) as (_, rows):
        next(rows)
        child._process.send_signal(number)
        child._process.wait()
        with pytest.raises(QueryError) as refusal:
            list(rows)

    assert str(refusal.value) == (
        f"The process that ran the query ended by signal {name}, and the sandbox goes on. "
        "Run the query again; if that fails, write it in another way."
    )
    assert (child.resident(), child.is_usable) == (0, False)


def test_a_process_that_cannot_be_started_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(QueryError, match="cannot start a process for the query: No such file or directory"):
        Child(Limits())


def test_an_answer_that_is_none_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; sys.stdout.buffer.write(b'terminate called after'); sys.stdin.read()"
    monkeypatch.setattr("polytomic_mcp.sandbox.data.sql.process.child._CODE", code)
    child = Child(Limits())

    with pytest.raises(QueryError, match="ended by signal SIGKILL"):
        child.settle()
    child.close()


def test_a_closed_process_is_gone_with_its_folder(child: Child) -> None:
    child.settle()
    pid, folder = child._process.pid, _folder(child)
    assert folder.is_dir()

    child.close()

    assert not folder.exists()
    assert not psutil.pid_exists(pid)


def test_it_ends_in_the_middle_of_a_query_when_its_parent_is_killed() -> None:
    code = f"""
from polytomic_mcp.sandbox.data.sql.process.child import Child
from polytomic_mcp.sandbox.data.sql.process.limits import Limits
child = Child(Limits())
child.settle()
child._send("query", {ENDLESS!r})
print(child._process.pid, child._process.args[-1], flush=True)
child.settle()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 - the test's own
        assert parent.stdout
        pid, folder = parent.stdout.readline().split()
        child = psutil.Process(int(pid))
        parent.kill()
    child.wait(60)

    assert not Path(folder).exists()


def test_a_process_that_breaks_down_writes_nothing_to_its_parents_streams(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    monkeypatch.setattr("polytomic_mcp.sandbox.data.sql.process.child._CODE", code)
    child = Child(Limits())

    with pytest.raises(QueryError, match="ended with status 3, and the sandbox goes on"):
        child.settle()
    child.close()

    assert capfd.readouterr() == ("", "")
