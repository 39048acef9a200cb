"""The settings of a destination: a prefix of all tables, mirrored schemas, and tables without a key."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.tables import Column
from tests.sandbox.resources.bulk_syncs.conftest import Stage

TRUNCATING = {"schema": "copy", "advanced": {"truncate_existing": True}}


def advanced(**settings: Any) -> dict[str, Any]:
    return {"schema": "copy", "advanced": settings}


@pytest.fixture
def log(stage: Stage) -> Any:
    return stage.table("shop.log", "text", [{"text": "a"}], key=None)


async def test_the_prefix_is_that_of_every_table(stage: Stage, people: Any, log: Any) -> None:
    schemas = [people.name, {"id": log.name, "user_output_name": "lines"}]
    sync = await stage.sync(schemas=schemas, destination_configuration=advanced(table_prefix="crm_"))

    execution = await stage.start(sync)

    names = ["crm_shop_people", "crm_lines"]
    assert sorted(each["output_name"] for each in execution["schemas"]) == sorted(names)
    assert [len(stage.rows(f"copy.{name}")) for name in names] == [3, 1]


async def test_the_prefix_is_that_of_files_too(stage: Stage, people: Any) -> None:
    settings = {"path": "daily", "advanced": {"table_prefix": "crm_"}}
    sync = await stage.sync(to="s3", schemas=[people.name], destination_configuration=settings)

    await stage.copied(sync)

    assert len(stage.rows("daily/crm_shop_people.csv", system="s3")) == 3


async def test_mirrored_tables_are_in_schemas_named_like_those_of_the_source(
    stage: Stage, people: Any
) -> None:
    others = stage.table("web.people", "id", [{"id": "7"}])
    sync = await stage.sync(
        schemas=[people.name, others.name], destination_configuration={"mirror_schemas": True}
    )

    await stage.copied(sync)

    assert len(stage.rows("shop.people")) == 3
    assert stage.rows("web.people") == [{"id": "7"}]


async def test_a_source_without_schemas_is_mirrored_in_the_given_one(stage: Stage) -> None:
    stage.workspace.tables.list("stripe")
    for table in stage.workspace.tables.list("stripe"):
        stage.workspace.tables.drop(table)
    stage.table("charge", "id", [{"id": "7"}], system="stripe", kind="object")
    settings = {"schema": "copy", "mirror_schemas": True}
    sync = await stage.sync(source="stripe", destination_configuration=settings)

    await stage.copied(sync)

    assert stage.rows("copy.charge") == [{"id": "7"}]


async def test_a_table_without_a_key_is_created_again_by_each_run(stage: Stage, log: Any) -> None:
    del log
    sync = await stage.sync()
    await stage.copied(sync)
    extra = Column("note", "string", "VARCHAR")
    stage.workspace.tables.add_columns(stage.stored_table("copy.shop_log", system="postgresql"), [extra])

    await stage.copied(sync)

    assert stage.rows("copy.shop_log") == [{"text": "a"}]


async def test_a_table_without_a_key_is_only_emptied_if_the_sync_says_so(stage: Stage, log: Any) -> None:
    sync = await stage.sync(destination_configuration=TRUNCATING)
    await stage.copied(sync)
    extra = Column("note", "string", "VARCHAR")
    stage.workspace.tables.add_columns(stage.stored_table("copy.shop_log", system="postgresql"), [extra])
    stage.workspace.tables.clear(log)
    stage.workspace.tables.insert(log, [{"text": "b"}])

    await stage.copied(sync)

    assert stage.rows("copy.shop_log") == [{"text": "b", "note": None}]


async def test_truncating_leaves_a_table_with_a_key_alone(stage: Stage, people: Any) -> None:
    sync = await stage.sync(schemas=[people.name], destination_configuration=TRUNCATING)

    counts = [await stage.copied(sync), await stage.copied(sync)]

    assert counts == [3, 0]


@pytest.mark.parametrize(
    ("settings", "code", "path"),
    [
        ({"hard_deletes": "yes"}, "invalid_value", "advanced.hard_deletes"),
        ({"table_prefix": 5}, "invalid_value", "advanced.table_prefix"),
        ({"table_prefix": "a\n"}, "invalid_value", "advanced.table_prefix"),
        ({"hard_delete": True}, "unknown_setting", "advanced.hard_delete"),
        ("all", "invalid_value", "advanced"),
    ],
)
async def test_an_invalid_setting_is_refused(
    stage: Stage, people: Any, settings: Any, code: str, path: str
) -> None:
    del people
    answer = await stage.create(destination_configuration={"schema": "copy", "advanced": settings})

    assert stage.codes(answer) == [(code, f"destination_configuration.{path}")]


async def test_settings_of_null_are_those_by_default(stage: Stage, people: Any) -> None:
    settings = {"schema": "copy", "mirror_schemas": None, "advanced": None}
    sync = await stage.sync(schemas=[people.name], destination_configuration=settings)

    await stage.copied(sync)

    assert len(stage.rows("copy.shop_people")) == 3


async def test_two_mirrored_schemas_may_have_the_same_name_in_different_places(
    stage: Stage, people: Any
) -> None:
    del people
    stage.table("web.people", "id")

    mirrored = await stage.create(destination_configuration={"mirror_schemas": True})
    named = [{"id": f"{place}.people", "user_output_name": "people"} for place in ("shop", "web")]
    refused = await stage.create(schemas=named)

    assert mirrored.status_code == 200
    assert stage.codes(refused) == [("duplicate_output", "schemas")]
