"""What the process does, run inside the test."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.process import database, frames
from polytomic_mcp.sandbox.data.sql.process.worker import serve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def ask(folder: Path) -> Iterator[Callable[..., Any]]:
    """Send a command and return the answer."""
    ended: list[int] = []
    with ExitStack() as stack:
        (commands, to_worker), (from_worker, answers) = os.pipe(), os.pipe()
        reading, written = (stack.enter_context(os.fdopen(end, "rb")) for end in (commands, from_worker))
        writing, answering = (stack.enter_context(os.fdopen(end, "wb")) for end in (to_worker, answers))
        worker = threading.Thread(target=serve, args=(reading, answering, str(folder), ended.append))
        worker.start()
        assert frames.read(written) == []  # DuckDB is open

        def ask(*command: Any) -> Any:
            frames.write(writing, frames.encoded(command))
            return frames.read(written)

        yield ask
        writing.close()
        worker.join()
    assert ended == [0]


def test_tables_are_filled_and_queried(ask: Callable[..., Any]) -> None:
    assert ask("run", "CREATE TABLE t (a INTEGER, b DOUBLE)") == []
    assert ask("run", "INSERT INTO t SELECT unnest(from_json(?, '[\"INTEGER\"]')), 'nan'", ["[1, 2]"]) == []

    assert ask("query", "SELECT a, b, [a] AS c FROM t") == [
        ["a", "INTEGER"],
        ["b", "DOUBLE"],
        ["c", "INTEGER[]"],
    ]
    assert ask("next") == [[1, 2], ["NaN", "NaN"], [[1], [2]]]
    assert ask("next") == []
    assert ask("stop") == []
    assert ask("query", "SELECT 1 AS x") == [["x", "INTEGER"]]


def test_rows_come_in_batches_of_about_a_megabyte(ask: Callable[..., Any]) -> None:
    ask("query", "SELECT range, repeat('x', 1000) FROM range(10000)")
    batches = iter(lambda: ask("next"), [])
    sizes = [len(numbers) for numbers, _ in batches]

    assert sum(sizes) == 10_000
    assert max(sizes) < 1_100


def test_a_failure_is_answered_with_its_kind_and_the_next_command_works(ask: Callable[..., Any]) -> None:
    wrong = ask("query", "SELECT 'x'::INTEGER")
    assert wrong["kind"] == database.OTHER
    assert "Could not convert" in wrong["message"]
    assert "LINE 1" not in wrong["message"]
    assert ask("query", "SELECT 1") == [["1", "INTEGER"]]


def test_a_query_that_needs_too_much_memory_says_so(ask: Callable[..., Any]) -> None:
    assert ask("query", "SELECT length(list(range)) FROM range(100000000)")["kind"] == database.MEMORY


def test_what_is_too_large_for_a_frame_comes_in_several(
    ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "LARGEST", 50)
    ask("query", "SELECT repeat('x', range) FROM range(9)")
    texts = [text for (column,) in iter(lambda: ask("next"), []) for text in column]
    ask("query", "SELECT repeat('x', 80)")

    assert texts == ["x" * size for size in range(9)]
    assert ask("next") == {"kind": database.ROW, "message": "A row has 86 bytes."}


def test_a_full_disk_is_told_from_other_failures() -> None:
    assert database.failure(database.duckdb.IOException("No space left on device"))[0] == database.DISK
    assert database.failure(MemoryError())[0] == database.MEMORY


def test_its_folder_goes_when_the_commands_end(folder: Path) -> None:
    ended: list[int] = []

    serve(io.BytesIO(), io.BytesIO(), str(folder), ended.append)

    assert (ended, folder.exists()) == ([0], False)


def test_it_ends_quietly_if_nobody_reads_its_answers(folder: Path) -> None:
    class Closed(io.BytesIO):
        def flush(self) -> None:
            raise BrokenPipeError

    serve(io.BytesIO(), Closed(), str(folder), lambda status: status)
