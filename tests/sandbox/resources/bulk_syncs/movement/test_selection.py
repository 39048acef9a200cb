"""What is copied of a schema: its fields, names, obfuscation, filters and cutoffs."""

import hashlib
from typing import Any

import pytest

from tests.sandbox.resources.bulk_syncs.conftest import Stage

ROWS = [
    {"id": "1", "Full Name": "Ada", "age": 36, "seen": "2026-01-01T00:00:00"},
    {"id": "2", "Full Name": "Bob", "age": 17, "seen": "2026-01-09T00:00:00"},
    {"id": "3", "Full Name": None, "age": None, "seen": None},
]


@pytest.fixture
def people(stage: Stage) -> Any:
    table = stage.table("shop.people", "id age:number seen:datetime")
    wider = stage.workspace.tables.add_columns(table, [_named(table, "Full Name")])
    stage.workspace.tables.insert(wider, ROWS)
    return wider


def _named(table: Any, name: str) -> Any:
    column = table.columns[0]
    return type(column)(name, column.type, column.sql_type)


async def _copied(stage: Stage, schema: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    sync = await stage.sync(schemas=[{"id": "shop.people", **schema}], **more)
    await stage.copied(sync)
    rows: list[dict[str, Any]] = stage.rows("copy.shop_people")
    return rows


@pytest.mark.usefixtures("people")
async def test_omitted_fields_are_not_copied(stage: Stage) -> None:
    fields = ["id", {"id": "AGE"}, {"id": "seen", "enabled": False}]

    rows = await _copied(stage, {"fields": fields})

    assert rows[0] == {"id": "1", "age": 36}


@pytest.mark.usefixtures("people")
async def test_names_are_normalized_unless_the_sync_disables_it(stage: Stage) -> None:
    plain = await _copied(stage, {})
    kept = await stage.sync(normalize_names="disabled", destination_configuration={"schema": "as_is"})
    await stage.copied(kept)

    assert set(plain[0]) == {"id", "age", "seen", "full_name"}
    assert set(stage.rows("as_is.shop.people")[0]) == {"id", "age", "seen", "Full Name"}


@pytest.mark.usefixtures("people")
async def test_users_can_name_the_outputs_of_schemas_and_fields(stage: Stage) -> None:
    schema = {
        "id": "shop.people",
        "user_output_name": "humans",
        "fields": ["id", {"id": "age", "user_output_name": "years"}],
    }
    sync = await stage.sync(schemas=[schema])

    execution = await stage.start(sync)

    assert execution["schemas"][0]["output_name"] == "humans"
    assert stage.rows("copy.humans")[0] == {"id": "1", "years": 36}


@pytest.mark.usefixtures("people")
async def test_obfuscated_values_are_written_as_digests(stage: Stage) -> None:
    rows = await _copied(stage, {"fields": ["id", {"id": "age", "obfuscate": True}]})

    assert [row["age"] for row in rows] == [
        hashlib.sha256(b"36").hexdigest(),
        hashlib.sha256(b"17").hexdigest(),
        None,
    ]


async def test_rows_are_matched_by_an_obfuscated_key(stage: Stage, people: Any) -> None:
    fields = [{"id": "id", "obfuscate": True}, {"id": "age"}]
    sync = await stage.sync(schemas=[{"id": "shop.people", "fields": fields}])
    await stage.copied(sync)
    stage.put(people, {"id": "1", "age": 37})

    assert await stage.copied(sync) == 1
    assert [row["age"] for row in stage.rows("copy.shop_people")] == [37, 17, None]


async def test_filters_select_rows_and_delete_those_that_no_longer_pass(stage: Stage, people: Any) -> None:
    adult = {"field_id": "age", "function": "GreaterThanEqual", "value": 18}
    sync = await stage.sync(schemas=[{"id": "shop.people", "filters": [adult]}])
    await stage.copied(sync)
    before = [row["id"] for row in stage.rows("copy.shop_people")]
    stage.put(people, {"id": "1", "age": 3})

    assert await stage.copied(sync) == 1
    assert (before, stage.rows("copy.shop_people")) == (["1"], [])


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("schema", "more", "ids"),
    [
        ({"data_cutoff_timestamp": "2026-01-05T00:00:00Z"}, {}, ["2", "3"]),
        ({}, {"data_cutoff_timestamp": "2026-01-05T00:00:00Z"}, ["2", "3"]),
        ({"disable_data_cutoff": True}, {"data_cutoff_timestamp": "2026-01-05T00:00:00Z"}, ["1", "2", "3"]),
        (
            {"tracking_field": "age"},
            {"data_cutoff_timestamp": "2026-01-05T00:00:00Z"},
            ["1", "2", "3"],
        ),
    ],
)
async def test_a_cutoff_excludes_rows_that_are_older_by_the_tracking_field(
    stage: Stage, schema: dict[str, Any], more: dict[str, Any], ids: list[str]
) -> None:
    rows = await _copied(stage, {"tracking_field": "seen", **schema}, **more)

    assert [row["id"] for row in rows] == ids


@pytest.mark.usefixtures("people")
async def test_only_enabled_schemas_are_copied_and_a_start_can_select_among_them(
    stage: Stage, workspace: Any
) -> None:
    for name in ("one", "two"):
        stage.table(f"shop.{name}", "id", [{"id": "1"}])
    sync = await stage.sync(schemas=["shop.one", "SHOP.TWO"])

    execution = await stage.start(sync, schemas=["Shop.Two"])

    assert [each["schema"] for each in execution["schemas"]] == ["shop.two"]
    assert execution["is_partial"]
    assert workspace.tables.get("postgresql", "copy.shop_one") is None


@pytest.mark.usefixtures("people")
async def test_the_output_is_replaced_if_its_key_is_not_copied(stage: Stage) -> None:
    sync = await stage.sync(schemas=[{"id": "shop.people", "fields": ["age"]}])
    await stage.copied(sync)

    assert await stage.copied(sync) == 3
    assert len(stage.rows("copy.shop_people")) == 3


@pytest.mark.usefixtures("people")
async def test_a_value_that_does_not_fit_rejects_its_row(stage: Stage) -> None:
    stage.table("copy.shop_people", "id age:datetime", system="postgresql")
    sync = await stage.sync(schemas=[{"id": "shop.people", "fields": ["id", "age"]}])

    execution = await stage.start(sync)

    assert (execution["status"], execution["record_count"], execution["error_count"]) == ("errors", 1, 2)
    assert "does not fit age" in execution["status_message"]
    assert [row["id"] for row in stage.rows("copy.shop_people")] == ["3"]


async def test_a_run_that_rejected_rows_deletes_none(stage: Stage, people: Any) -> None:
    sync = await stage.sync()
    await stage.copied(sync)
    stage.remove(people, "1")
    stage.put(people, {"id": None, "age": 1})

    execution = await stage.start(sync)

    assert (execution["status"], execution["error_count"]) == ("errors", 1)
    assert "the key id has no value" in execution["schemas"][0]["status_message"]
    assert [row["id"] for row in stage.rows("copy.shop_people")] == ["1", "2", "3"]


async def test_only_the_first_errors_are_in_the_status(stage: Stage) -> None:
    stage.table("shop.people", "id", [{"id": None} for _ in range(5)])
    sync = await stage.sync()

    execution = await stage.start(sync)

    assert execution["status_message"].count("has no value") == 3


@pytest.mark.parametrize(
    ("name", "plain"), [("2nd-Floor", "_2nd_floor"), ("!", "_"), ("Ärger", "ärger"), ("A.B", "a_b")]
)
async def test_a_normalized_name_has_letters_digits_and_underscores(
    stage: Stage, name: str, plain: str
) -> None:
    stage.table(name, "id", [{"id": "1"}])
    sync = await stage.sync()

    execution = await stage.start(sync)

    assert execution["schemas"][0]["output_name"] == plain


async def test_a_filter_whose_field_is_gone_fails_its_schema(stage: Stage, people: Any) -> None:
    adult = {"field_id": "age", "function": "GreaterThanEqual", "value": 18}
    sync = await stage.sync(schemas=[{"id": "shop.people", "filters": [adult]}])
    stage.workspace.tables.drop(people)
    stage.table("shop.people", "id", [{"id": "1"}])

    execution = await stage.start(sync)

    assert execution["status"] == "failed"
    assert "no longer has the field age" in execution["status_message"]


async def test_a_field_that_is_gone_is_no_longer_copied(stage: Stage, people: Any) -> None:
    sync = await stage.sync()
    stage.workspace.tables.drop(people)
    stage.table("shop.people", "id", [{"id": "1"}])

    await stage.copied(sync)

    assert [row["id"] for row in stage.rows("copy.shop_people")] == ["1"]


async def test_a_field_that_a_user_added_has_the_value_at_its_path(stage: Stage) -> None:
    stage.table("shop.people", "id extra:object", [{"id": "1", "extra": {"vat": {"id": "DE1"}}}])
    source = await stage.connection("mysql")
    field = {"field_id": "vat", "label": "VAT", "type": "string", "path": "extra.vat.id"}
    path = f"/api/connections/{source}/schemas/shop.people/fields"
    assert (await stage.http.post(path, json={"fields": [field]})).is_success
    sync = await stage.sync()

    await stage.copied(sync)

    discovered = await stage.http.get(
        f"/api/connections/{source}/bulksync/source", params={"include_fields": True}
    )
    (schema,) = discovered.json()["data"]["schemas"]
    assert [each["id"] for each in schema["fields"]] == ["id", "extra", "vat"]
    assert [row["vat"] for row in stage.rows("copy.shop_people")] == ["DE1"]


async def test_a_rejected_row_of_a_source_with_a_tracking_field_is_read_again(stage: Stage) -> None:
    rows = [{"id": None, "at": "2026-01-01T00:00:00"}, {"id": "2", "at": "2026-01-02T00:00:00"}]
    people = stage.table("shop.people", "id at:datetime", rows)
    sync = await stage.sync(schemas=[{"id": "shop.people", "tracking_field": "at"}])
    await stage.start(sync)
    stage.workspace.tables.clear(people)
    stage.workspace.tables.insert(people, [rows[0] | {"id": "1"}, rows[1]])

    assert await stage.copied(sync) == 1
    assert {row["id"] for row in stage.rows("copy.shop_people")} == {"1", "2"}
