"""The store: transactions, threads, files."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox.data.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


def test_a_document_is_returned_as_it_was_stored(store: Store) -> None:
    store.put("model", "m1", {"id": "m1", "name": "naïve"})

    assert store.get("model", "m1") == {"id": "m1", "name": "naïve"}
    assert store.get("sync", "m1") is None


def test_documents_are_listed_in_the_order_of_creation_and_replacing_keeps_it(store: Store) -> None:
    for id_ in ("b", "a", "b"):
        store.put("model", id_, {"id": id_})

    assert [document["id"] for document in store.list("model")] == ["b", "a"]


def test_documents_are_listed_by_the_values_they_have(store: Store) -> None:
    for id_, active, place in (("a", True, "x"), ("b", False, "x"), ("c", True, "y")):
        store.put("sync", id_, {"id": id_, "active": active, "target": {"place": place}})

    assert [each["id"] for each in store.list("sync", {"active": True})] == ["a", "c"]
    assert [each["id"] for each in store.list("sync", {"active": True, "target.place": "x"})] == ["a"]
    assert store.list("sync", {"name": "x"}) == []


def test_the_newest_are_listed_first_and_continue_after_the_last_one_seen(store: Store) -> None:
    for id_, day, kind in (("a", 1, "x"), ("b", 2, "x"), ("c", 2, "y"), ("d", 3, "x")):
        store.put("sync", id_, {"id": id_, "updated_at": f"2026-01-0{day}", "kind": kind})

    first = store.newest("sync", 2)
    rest = store.newest("sync", 9, before=["2026-01-02", "c"])
    some = store.newest("sync", 9, before=["2026-01-03", "d"], where={"kind": "x"})

    assert [[each["id"] for each in page] for page in (first, rest, some)] == [
        ["d", "c"],
        ["b", "a"],
        ["b", "a"],
    ]


def test_deleting_returns_whether_the_document_existed(store: Store) -> None:
    store.put("model", "m1", {})

    assert [store.delete("model", "m1"), store.delete("model", "m1")] == [True, False]


def test_a_transaction_that_raises_is_rolled_back(store: Store) -> None:
    def write() -> None:
        with store.transaction():
            store.put("model", "m1", {})
            with store.transaction():
                store.put("model", "m2", {})
            raise KeyError

    with pytest.raises(KeyError):
        write()

    assert store.list("model") == []


def test_an_inner_transaction_that_raises_rolls_back_the_outer_one(store: Store) -> None:
    def write() -> None:
        with store.transaction():
            store.put("model", "m1", {})
            with store.transaction():
                raise KeyError

    with pytest.raises(KeyError):
        write()

    assert store.list("model") == []


def test_work_after_the_commit_sees_what_was_committed(store: Store) -> None:
    seen: list[int] = []

    with store.transaction():
        store.after_commit(lambda: seen.append(len(store.list("model"))))
        store.put("model", "m1", {})
        before = list(seen)

    assert (before, seen) == ([], [1])


def test_work_after_the_commit_is_dropped_by_a_rollback(store: Store) -> None:
    seen: list[str] = []

    def write() -> None:
        with store.transaction():
            store.after_commit(lambda: seen.append("rolled back"))
            raise KeyError

    with pytest.raises(KeyError):
        write()
    store.after_commit(lambda: seen.append("outside"))

    assert seen == ["outside"]


def test_threads_take_turns(store: Store) -> None:
    store.put("counter", "c", {"value": 0})

    def count() -> None:
        for _ in range(50):
            with store.transaction():
                counter = store.get("counter", "c") or {}
                store.put("counter", "c", {"value": counter["value"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("counter", "c") == {"value": 200}


def test_a_reopened_file_has_its_documents(tmp_path: Path) -> None:
    first = Store(tmp_path / "state.db")
    first.put("model", "m1", {"id": "m1"})
    first.close()

    second = Store(str(tmp_path / "state.db"))
    found = second.get("model", "m1")
    second.close()

    assert found == {"id": "m1"}


def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.put("model", "m1", {"id": "m1"})
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    store.close()

    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


def test_two_stores_may_share_a_file(tmp_path: Path) -> None:
    one, two = Store(tmp_path / "state.db"), Store(tmp_path / "state.db")
    one.put("model", "m1", {"id": "m1"})
    two.put("model", "m2", {"id": "m2"})
    listed = [document["id"] for document in one.list("model")]
    one.close()
    two.close()

    assert listed == ["m1", "m2"]


def test_a_file_that_is_not_a_database_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be read as a header of one" * 20)

    with pytest.raises(ConfigurationError, match="cannot be used"):
        Store(path)

    assert path.read_text().startswith("not a database")


def test_another_applications_database_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE documents (x)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(ConfigurationError, match="Name another file"):
        Store(path)

    assert path.read_bytes() == before


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.connection.execute("PRAGMA user_version = 99")
    store.close()

    with pytest.raises(ConfigurationError, match="Name another file"):
        Store(tmp_path / "state.db")


@pytest.mark.parametrize("name", ["missing/state.db", "."])
def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Store(tmp_path / name)
