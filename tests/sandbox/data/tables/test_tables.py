"""Tables and rows in the store, which are readable in the state file."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Column, Table, Tables

NAME = Column("name", "string", "VARCHAR")
FLOW = Table(
    "gong", "my-flow", "My flow", "flow", (Column("Id", "string", "VARCHAR", required=True), NAME), "Id"
)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def tables(store: Store) -> Tables:
    tables = Tables(store)
    tables.create(FLOW)
    return tables


def rows(tables: Tables, table: Table = FLOW) -> list[dict[str, object]]:
    return [row for _, row in tables.read(table)]


def test_a_table_is_found_in_any_case_as_it_was_created(tables: Tables) -> None:
    assert tables.get("gong", "MY-Flow") == FLOW
    assert tables.get("gong", "other") is None
    assert tables.list("gong") == [FLOW]
    assert tables.list("hubspot") == []
    assert FLOW.column("NAME") == NAME
    assert FLOW.column("email") is None


def test_rows_are_returned_in_order_with_nulls_for_omitted_columns(tables: Tables) -> None:
    ids = tables.insert(FLOW, [{"Id": "1", "name": "Åsa"}, {"Id": "2"}])

    assert rows(tables) == [{"Id": "1", "name": "Åsa"}, {"Id": "2", "name": None}]
    assert [row_id for row_id, _ in tables.read(FLOW)] == list(ids)
    assert tables.count(FLOW) == 2


def test_rows_are_replaced_and_deleted_by_their_row_ids(tables: Tables) -> None:
    first, second, third = tables.insert(FLOW, [{"Id": "1"}, {"Id": "2"}, {"Id": "3"}])

    tables.update(FLOW, {second: {"Id": "2", "name": "two"}})
    tables.delete(FLOW, [first, third])

    assert rows(tables) == [{"Id": "2", "name": "two"}]


def test_clearing_a_table_leaves_the_others_alone(tables: Tables) -> None:
    other = replace(FLOW, name="other")
    tables.create(other)
    tables.insert(FLOW, [{"Id": "1"}])
    tables.insert(other, [{"Id": "1"}])

    tables.clear(FLOW)

    assert (tables.count(FLOW), tables.count(other)) == (0, 1)


def test_every_write_changes_the_version_and_a_rollback_restores_it(tables: Tables, store: Store) -> None:
    seen = [tables.version(FLOW)]
    (row_id,) = tables.insert(FLOW, [{"Id": "1"}])
    seen.append(tables.version(FLOW))
    tables.update(FLOW, {row_id: {"Id": "2"}})
    seen.append(tables.version(FLOW))
    with suppress(ZeroDivisionError), store.transaction():
        tables.delete(FLOW, [row_id])
        seen.append(tables.version(FLOW))
        raise ZeroDivisionError

    assert len(set(seen)) == 4
    assert tables.version(FLOW) == seen[2]
    assert tables.version(replace(FLOW, name="none")) == 0
    assert rows(tables) == [{"Id": "2", "name": None}]


def test_a_taken_name_and_two_columns_of_one_name_are_refused(tables: Tables) -> None:
    with pytest.raises(ValueError, match="already has a table MY-FLOW"):
        tables.create(replace(FLOW, name="MY-FLOW"))
    with pytest.raises(RefusalError, match="differ by case alone: 'name', 'NAME'"):
        tables.create(Table("gong", "x", "x", "object", (NAME, replace(NAME, name="NAME"))))


def test_a_row_with_an_unknown_column_is_refused_and_nothing_is_written(tables: Tables) -> None:
    with pytest.raises(ValueError, match=r"Unknown gong\.my-flow column 'nme'"):
        tables.insert(FLOW, [{"Id": "1"}, {"nme": "x"}])

    assert tables.count(FLOW) == 0


def test_a_column_can_be_added_to_a_table_with_rows(tables: Tables, store: Store) -> None:
    tables.insert(FLOW, [{"Id": "1"}])

    wider = tables.add_columns(FLOW, [Column("age", "number", "BIGINT")])
    tables.insert(wider, [{"Id": "2", "age": 7}])

    assert tables.get("gong", "my-flow") == wider
    assert rows(tables, wider) == [
        {"Id": "1", "name": None, "age": None},
        {"Id": "2", "name": None, "age": 7},
    ]
    assert rows(tables) == [{"Id": "1", "name": None}, {"Id": "2", "name": None}]
    assert store.connection.execute('SELECT age FROM "gong.my-flow"').fetchall() == [(None,), (7,)]


def test_aliases_of_the_same_rows_show_them_until_the_last_alias_is_dropped(tables: Tables) -> None:
    aliases = [replace(FLOW, system=system, source="shared") for system in ("mysql", "snowflake")]
    for alias in aliases:
        tables.create(alias)
    tables.insert(aliases[0], [{"Id": "1"}])
    version = tables.version(aliases[1])

    tables.drop(aliases[0])
    left = tables.count(aliases[1])
    tables.drop(aliases[1])

    assert left == 1
    assert version
    assert tables.count(aliases[1]) == 0
    assert tables.get("snowflake", "my-flow") is None


def test_the_state_file_shows_each_table_as_a_view(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = Store(path)
    tables = Tables(store)
    odd = Table("gong", 'it\'s "odd"', "Odd", "object", (Column('a"b', "string", "VARCHAR"), NAME))
    tables.create(FLOW)
    tables.create(odd)
    tables.insert(FLOW, [{"Id": "1"}, {"Id": "2"}])
    tables.insert(odd, [{'a"b': "x"}])
    store.close()

    file = sqlite3.connect(path)
    counted = file.execute('SELECT count(*), max("Id") FROM "gong.my-flow"').fetchone()
    shown = file.execute('SELECT "a""b" FROM "gong.it\'s ""odd"""').fetchall()
    file.close()

    assert counted == (2, "2")
    assert shown == [("x",)]


def test_invalid_unicode_is_stored_with_a_replacement(tables: Tables) -> None:
    tables.insert(FLOW, [{"Id": "a\ud800b"}])

    assert rows(tables) == [{"Id": "a?b", "name": None}]


def test_a_hundred_thousand_rows_are_written_and_read_in_seconds(tables: Tables) -> None:
    started = time.monotonic()

    tables.insert(FLOW, ({"Id": str(number), "name": "x"} for number in range(100_000)))
    read = sum(1 for _ in tables.read(FLOW))

    assert read == 100_000
    assert time.monotonic() - started < 60


def test_rows_of_locked_tables_are_changed_by_no_other_thread(tables: Tables) -> None:
    with tables.locked():
        tables.insert(FLOW, [{"Id": "1"}])

    assert tables.count(FLOW) == 1


def test_a_reader_does_not_see_what_it_inserts_while_it_reads(tables: Tables) -> None:
    tables.insert(FLOW, [{"Id": "1"}, {"Id": "2"}])

    seen: list[str] = []
    for _, row in tables.read(FLOW):
        seen.append(row["Id"])
        tables.insert(FLOW, [{"Id": f"{row['Id']}0"}])

    assert seen == ["1", "2"]
    assert tables.count(FLOW) == 4
