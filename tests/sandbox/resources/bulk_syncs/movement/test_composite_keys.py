"""A key of several columns identifies rows by all of them, whether a table has it or a user chose it."""

from dataclasses import replace

import pytest

from polytomic_mcp.sandbox.data.tables.tables import Table
from tests.sandbox.resources.bulk_syncs.conftest import Stage

LINES = [
    {"order_id": "1", "line": "1", "text": "a"},
    {"order_id": "1", "line": "2", "text": "b"},
    {"order_id": "2", "line": "1", "text": "c"},
]
KEY = ("order_id", "line")


@pytest.fixture
def lines(stage: Stage) -> Table:
    """A table whose own key is composite."""
    table = Table("mysql", "shop.lines", "Lines", "table", stage.columns("order_id line text")).with_key(KEY)
    stage.workspace.tables.create(table)
    stage.workspace.tables.insert(table, LINES)
    return table


async def keys(stage: Stage, table: Table, **wanted: bool) -> list[str]:
    """Override the key, if anything is wanted, and return the names of the fields that form it."""
    path = f"/api/connections/{await stage.connection('mysql')}/schemas/{table.name}"
    if wanted:
        fields = [{"field_id": name, "is_primary_key": is_key} for name, is_key in wanted.items()]
        assert (await stage.http.put(f"{path}/primary_keys", json={"fields": fields})).is_success
    answer = (await stage.http.get(path)).json()["data"]
    return [field["id"] for field in answer["fields"] if field["is_primary_key"]]


async def test_a_table_with_a_composite_key_is_replicated_by_all_of_its_columns(
    stage: Stage, lines: Table
) -> None:
    sync = await stage.sync()
    await stage.copied(sync)
    stage.change(lines, 1, {"text": "B"})
    stage.change(lines, 2, None)

    count = await stage.copied(sync)

    assert count == 2
    assert stage.rows("copy.shop_lines") == [LINES[0], LINES[1] | {"text": "B"}]


async def test_the_fields_of_a_composite_key_are_shown_as_the_sources(stage: Stage, lines: Table) -> None:
    assert await keys(stage, lines) == list(KEY)


async def test_an_output_has_the_composite_key_of_its_source(stage: Stage, lines: Table) -> None:
    assert lines.key_columns == KEY
    sync = await stage.sync()

    await stage.copied(sync)

    assert stage.stored_table("copy.shop_lines", system="postgresql").key_columns == KEY


async def test_a_chosen_key_takes_the_place_of_the_detected_one(stage: Stage) -> None:
    rows = [row | {"id": str(number)} for number, row in enumerate(LINES)]
    table = stage.table("shop.lines", "id order_id line text", rows)
    assert await keys(stage, table, order_id=True, line=True) == list(KEY)
    sync = await stage.sync()
    await stage.copied(sync)
    stage.change(table, 0, {"id": "77"})

    count = await stage.copied(sync)

    assert count == 1
    assert [row["id"] for row in stage.rows("copy.shop_lines")] == ["77", "1", "2"]


async def test_part_of_a_composite_key_can_be_excluded(stage: Stage, lines: Table) -> None:
    assert await keys(stage, lines, line=False) == ["order_id"]


async def test_a_composite_key_of_which_a_part_is_not_copied_identifies_nothing(
    stage: Stage, lines: Table
) -> None:
    sync = await stage.sync(schemas=[{"id": lines.name, "fields": ["order_id", "text"]}])

    counts = [await stage.copied(sync), await stage.copied(sync)]

    assert counts == [3, 3]
    assert len(stage.rows("copy.shop_lines")) == 3


async def test_a_row_without_a_part_of_its_key_is_refused_alone(stage: Stage, lines: Table) -> None:
    stage.workspace.tables.insert(lines, [{"order_id": "3", "line": None, "text": "d"}])
    sync = await stage.sync()

    execution = await stage.start(sync)

    assert (execution["status"], execution["record_count"], execution["error_count"]) == ("errors", 3, 1)
    assert "the key line has no value" in execution["schemas"][0]["status_message"]


async def test_an_append_finds_the_last_version_by_the_composite_key(stage: Stage, lines: Table) -> None:
    sync = await stage.sync(mode="append")
    await stage.copied(sync)
    stage.change(lines, 1, {"text": "B"})

    assert await stage.copied(sync) == 1
    assert [row["text"] for row in stage.rows("copy.shop_lines")] == ["a", "b", "c", "B"]


async def test_keys_whose_joined_texts_are_equal_are_different(stage: Stage, lines: Table) -> None:
    stage.workspace.tables.clear(lines)
    pairs = [("1", "11"), ("11", "1"), ("1,1", "1"), ("1", "1,1")]
    stage.workspace.tables.insert(
        lines, [{"order_id": first, "line": second, "text": "x"} for first, second in pairs]
    )
    sync = await stage.sync()

    assert await stage.copied(sync) == 4
    assert len(stage.rows("copy.shop_lines")) == 4


def test_a_table_has_a_key_of_one_column_several_or_none() -> None:
    table = Table("mysql", "t", "t", "table", ())

    assert [table.with_key(names).key_columns for names in ((), ("a",), ("a", "b"))] == [
        (),
        ("a",),
        ("a", "b"),
    ]
    assert replace(table, key="a").with_key(("b", "c")).key is None
