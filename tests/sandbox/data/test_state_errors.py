"""A full disk and a damaged file are sentences, and what was acknowledged stays."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.state_errors import StateError, in_words
from polytomic_mcp.sandbox.data.store import Store

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
        (sqlite3.SQLITE_IOERR | 3 << 8, "cannot be read or written. Check the disk"),
        (sqlite3.SQLITE_READONLY, "cannot be written to. Allow writing"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be used. Check that it exists"),
        (sqlite3.SQLITE_BUSY, "Another process is writing"),
        (sqlite3.SQLITE_CORRUPT, "is damaged. Restore a copy"),
        (sqlite3.SQLITE_NOTADB, "is damaged. Restore a copy"),
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


def _raise(*_: object) -> None:
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
