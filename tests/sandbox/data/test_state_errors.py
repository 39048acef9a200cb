"""A full disk and a damaged file are sentences, and what was acknowledged stays."""

import errno
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.state_errors import StateError, in_words, unusable
from polytomic_mcp.sandbox.data.store import Store

START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
HEADERS = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "state.db")
    yield store
    store.close()


def _fill(store: Store) -> None:
    """Leave no free page to the store, as a full disk does."""
    (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages}")


def _damage(path: Path) -> None:
    """Overwrite every page but the first with something else."""
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)


def test_a_full_disk_is_a_sentence_and_what_was_stored_stays(store: Store, tmp_path: Path) -> None:
    store.put("model", "m1", {"id": "m1"})
    _fill(store)

    with pytest.raises(StateError, match="is full") as refusal:
        store.put("model", "m2", {"id": "m2", "text": "x" * 100_000})

    assert refusal.value.status == 507
    assert not store.in_transaction
    assert store.list("model") == [{"id": "m1"}]
    store.connection.execute("PRAGMA max_page_count = 100000")
    store.put("model", "m2", {"id": "m2"})
    assert Store(tmp_path / "state.db").list("model") == [{"id": "m1"}, {"id": "m2"}]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (sqlite3.SQLITE_IOERR | 3 << 8, "the disk failed to read or write it. Check the disk"),
        (sqlite3.SQLITE_READONLY, "it cannot be written. Make it and its folder writable"),
        (sqlite3.SQLITE_CANTOPEN, "it cannot be opened. Check that its folder exists"),
        (sqlite3.SQLITE_BUSY, "another process is writing to it. Wait for"),
        (sqlite3.SQLITE_CORRUPT, "it is damaged. Restore it from a copy"),
        (sqlite3.SQLITE_NOTADB, "is no SQLite database. Restore it from a copy"),
    ],
)
def test_each_failure_of_the_file_says_what_to_do(code: int, says: str) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code

    with pytest.raises(StateError) as refusal, in_words():
        raise error

    assert says in str(refusal.value)


def test_a_mistake_of_our_own_is_not_called_a_damaged_file(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.transaction() as connection:
        connection.execute("SELECT * FROM nowhere")


def test_a_document_that_is_garbled_is_a_sentence(store: Store) -> None:
    store.put("model", "m1", {"id": "m1"})
    with store.transaction() as connection:
        connection.execute("DROP INDEX documents_by_sync")
        connection.execute("UPDATE documents SET body = '{\"id'")

    with pytest.raises(StateError, match="is damaged"):
        store.get("model", "m1")


def _full_sandbox(state: Path) -> Any:
    app = create_sandbox(state=state)
    _fill(app.state.workspace.store)
    return app


async def test_a_request_that_finds_the_disk_full_is_refused_by_a_sentence(tmp_path: Path) -> None:
    app = _full_sandbox(tmp_path / "state.db")
    acknowledged: list[str] = []
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as http:
        while True:
            body = {"name": f"H{len(acknowledged)}", "type": "hubspot"}
            configured = body | {"configuration": {"oauth_refresh_token": "r" * 1_000}}
            key = {"Idempotency-Key": f"connection-{len(acknowledged)}"}
            refused = await http.post("/api/connections", json=configured, headers=key)
            if refused.status_code != 200:
                break
            acknowledged.append(refused.json()["data"]["id"])
        listed = await http.get("/api/connections")
    app.state.workspace.close()

    assert refused.status_code == 507
    assert "is full. Free some space" in refused.json()["message"]
    assert [each["id"] for each in listed.json()["data"]] == acknowledged


async def test_a_page_for_people_finds_a_damaged_file_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_sandbox(state=tmp_path / "state.db")
    monkeypatch.setattr("polytomic_mcp.sandbox.resources.connections.consents.find", _raise)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        shown = await http.get("/sandbox/consent/token")
    app.state.workspace.close()

    assert (shown.status_code, shown.json()["key"]) == (500, "state_unavailable")


def _raise(*_: object, **__: object) -> None:
    raise StateError


def test_a_damaged_file_is_refused_at_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    create_sandbox(state=state).state.workspace.close()
    _damage(state)

    with pytest.raises(ConfigurationError, match=r"damaged|malformed"):
        create_sandbox(state=state)


@pytest.mark.parametrize("part", ["_open", "seed_workspace"])
def test_a_file_that_fails_later_in_the_start_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    target = "Workspace" if part == "_open" else part
    monkeypatch.setattr(f"polytomic_mcp.sandbox.app.{target}", _raise)

    with pytest.raises(ConfigurationError, match="is damaged"):
        create_sandbox(state=tmp_path / "state.db")


GARBLED = b"\xff{"


def garble(store: Store, table: str) -> None:
    """Garble the texts of a table, as a disk that fails may do."""
    with store.transaction() as connection:
        for index in ("documents_by_sync", "documents_by_owner"):
            connection.execute(f"DROP INDEX IF EXISTS {index}")
        connection.execute(f"UPDATE {table} SET body = CAST(? AS TEXT)", (GARBLED,))  # noqa: S608 - the test's own


def test_a_text_that_is_none_is_a_sentence_without_the_text(store: Store) -> None:
    store.put("model", "m1", {"id": "m1"})
    garble(store, "documents")

    with pytest.raises(StateError, match=r"it is damaged\. Restore it from a copy, and try again\.$"):
        store.get("model", "m1")


async def test_a_garbled_row_is_a_sentence(tmp_path: Path) -> None:
    app = create_sandbox(state=tmp_path / "state.db")
    tables = app.state.workspace.tables
    table = next(each for each in tables.list("salesforce") if each.name == "Contact")
    with app.state.workspace.store.transaction() as connection:
        connection.execute("UPDATE rows SET body = '[\"x'")

    with pytest.raises(StateError, match="it is damaged"):
        next(iter(tables.rows(table)))

    app.state.workspace.close()


def test_what_sqlite_failed_to_write_is_not_committed_even_if_somebody_goes_on(store: Store) -> None:
    store.put("model", "m1", {"id": "m1"})
    _fill(store)

    with pytest.raises(StateError, match="is full"), store.transaction():  # noqa: PT012 - the block goes on
        store.delete("model", "m1")
        with suppress(StateError):
            store.put("model", "m2", {"id": "m2", "text": "x" * 100_000})
        with suppress(StateError):
            store.put("model", "m3", {"id": "m3"})

    assert store.list("model") == [{"id": "m1"}]


async def test_a_call_that_found_the_disk_full_works_with_the_same_key_when_there_is_room(
    tmp_path: Path,
) -> None:
    app = _full_sandbox(tmp_path / "state.db")
    body = {"name": "H", "type": "hubspot", "configuration": {"oauth_refresh_token": "r" * 1_000_000}}
    key = {"Idempotency-Key": "connection-1"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as http:
        full = await http.post("/api/connections", json=body, headers=key)
        app.state.workspace.store.connection.execute("PRAGMA max_page_count = 100000")
        roomy = await http.post("/api/connections", json=body, headers=key)
    app.state.workspace.close()

    assert (full.status_code, roomy.status_code) == (507, 200)


async def test_the_clock_does_not_move_if_that_cannot_be_stored(tmp_path: Path) -> None:
    app = create_sandbox(state=tmp_path / "state.db", clock=lambda: START)
    app.state.workspace.store.connection.execute("PRAGMA query_only = ON")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        moved = await http.post("/sandbox/clock", json={"advance": "1h"})
        clock = await http.get("/sandbox/clock")
    app.state.workspace.close()

    assert moved.json()["message"] == (
        "The sandbox's state file cannot be used: it cannot be written. Make it and its folder writable, and "
        "try again."
    )
    assert clock.json()["now"] == "2026-01-15T09:00:00Z"


def _truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 8192 * 4096)


def _garble(path: Path) -> None:
    path.write_bytes(b"\x5a" * path.stat().st_size)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_truncate, "it is damaged. Restore it from a copy"),
        (_damage, "it is damaged. Restore it from a copy"),
        (_garble, "it is damaged, or is no SQLite database. Restore it from a copy"),
    ],
)
def test_a_spoilt_file_is_refused_at_the_start_by_name(
    tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    state = tmp_path / "state.db"
    create_sandbox(state=state).state.workspace.close()
    spoil(state)

    with pytest.raises(ConfigurationError) as refusal:
        create_sandbox(state=state)

    assert str(refusal.value) == (
        f"The state file {state} cannot be used: {says}, or name another file with --state."
    )


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full. Free some space, or name"),
        (PermissionError(errno.EACCES, "Permission denied"), "permission denied. Check that its folder"),
        (sqlite3.OperationalError("Something else"), "something else. Check that its folder exists"),
    ],
)
def test_a_start_says_what_to_do_about_the_file(error: OSError | sqlite3.Error, says: str) -> None:
    assert f"The state file box.db cannot be used: {says}" in unusable("box.db", error)


def test_without_a_file_the_words_name_the_temporary_one() -> None:
    assert unusable(None, OSError(errno.ENOSPC, "No space left on device")) == (
        "The sandbox's temporary file cannot be used: the disk is full. Free some space."
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing/state.db", "no such file or directory. Check that its folder exists and is writable"),
        (".", "it is a folder. Name a file in it"),
    ],
)
def test_a_path_without_a_file_is_refused_by_name(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        Store(tmp_path / name)

    path = tmp_path / name
    assert str(refusal.value) == (
        f"The state file {path} cannot be used: {says}, or name another file with --state."
    )


LIMITED = """
import resource, sys
from polytomic_mcp.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
main(["sandbox", "--state", sys.argv[1]])
"""


def test_a_disk_that_takes_no_more_is_one_line_at_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    command = [sys.executable, "-c", LIMITED, str(state)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - the command is the test's own

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"polytomic-mcp: The state file {state} cannot be used: the disk failed to read or write it. Check "
        "the disk and its free space, or name another file with --state.\n"
    )
