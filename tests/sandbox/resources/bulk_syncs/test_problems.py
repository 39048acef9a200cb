"""Why a bulk sync is refused: each problem has a code and a path."""

from typing import Any

import pytest

from tests.sandbox.conftest import Connect
from tests.sandbox.resources.bulk_syncs.conftest import Stage


@pytest.fixture(autouse=True)
def people(stage: Stage) -> Any:
    return stage.table("shop.people", "id name at:datetime", [{"id": "1"}])


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"mode": "mirror"}, ("invalid_value", "mode")),
        ({"normalize_names": "some"}, ("invalid_value", "normalize_names")),
        ({"automatically_add_new_fields": "some"}, ("invalid_value", "automatically_add_new_fields")),
        ({"concurrency_limit": 1001}, ("invalid_value", "concurrency_limit")),
        ({"data_cutoff_timestamp": "soon"}, ("invalid_value", "data_cutoff_timestamp")),
        ({"destination_configuration": {}}, ("missing_setting", "destination_configuration.schema")),
        (
            {"destination_configuration": {"schema": 7}},
            ("invalid_value", "destination_configuration.schema"),
        ),
        (
            {"destination_configuration": {"schema": "a", "shema": "b"}},
            ("unknown_setting", "destination_configuration.shema"),
        ),
        (
            {"destination_configuration": {"schema": None}},
            ("missing_setting", "destination_configuration.schema"),
        ),
        (
            {"destination_configuration": {"schema": " "}},
            ("invalid_value", "destination_configuration.schema"),
        ),
        (
            {"to": "s3", "destination_configuration": {"path": "a\0b"}},
            ("invalid_value", "destination_configuration.path"),
        ),
        (
            {"to": "s3", "destination_configuration": {"format": "xlsx"}},
            ("invalid_value", "destination_configuration.format"),
        ),
        ({"source_configuration": {"lookback": "1"}}, ("unknown_setting", "source_configuration.lookback")),
        (
            {"source_configuration": {"replication_slot": 1}},
            ("invalid_value", "source_configuration.replication_slot"),
        ),
        ({"default_schedule": {"frequency": "yearly"}}, ("invalid_schedule", "default_schedule.frequency")),
        ({"default_schedule": {"frequency": "hourly"}}, ("invalid_schedule", "default_schedule.minute")),
        (
            {"additional_schedules": [{"frequency": "manual", "selective_mode": "some"}]},
            ("invalid_schedule", "additional_schedules[0].selective_mode"),
        ),
        (
            {"additional_schedules": [{"frequency": "manual", "schemas": ["nothing"]}]},
            ("unknown_schema", "additional_schedules[0].schemas"),
        ),
        ({"schemas": ["nothing"]}, ("unknown_schema", "schemas[0]")),
        (
            {"schemas": ["shop.people", {"id": "SHOP.people", "enabled": False}]},
            ("duplicate_schema", "schemas[1]"),
        ),
        ({"source": "stripe"}, ("no_schemas", "source_connection_id")),
    ],
)
async def test_an_invalid_setting_is_refused(
    stage: Stage, more: dict[str, Any], problem: tuple[str, str]
) -> None:
    for table in stage.workspace.tables.list("stripe"):
        stage.workspace.tables.drop(table)

    answer = await stage.create(**more)

    assert stage.codes(answer) == [problem]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"fields": ["nothing"]}, ("unknown_field", "schemas.shop.people.fields")),
        ({"fields": ["id", "ID"]}, ("duplicate_field", "schemas.shop.people.fields")),
        ({"fields": [{"id": "id", "enabled": False}]}, ("no_fields", "schemas.shop.people")),
        (
            {"fields": ["id", {"id": "name", "user_output_name": "ID"}]},
            ("duplicate_output", "schemas.shop.people"),
        ),
        ({"tracking_field": "name"}, ("invalid_tracking_field", "schemas.shop.people.tracking_field")),
        ({"tracking_field": "nothing"}, ("unknown_field", "schemas.shop.people.tracking_field")),
        ({"partition_key": "nothing"}, ("unknown_field", "schemas.shop.people.partition_key")),
        (
            {"fields": [{"id": "id", "user_output_name": "a\nb"}]},
            ("invalid_value", "schemas.shop.people.fields.user_output_name"),
        ),
        ({"user_output_name": " "}, ("invalid_value", "schemas.shop.people.user_output_name")),
        ({"history_enabled": True}, ("not_emulated", "schemas.shop.people.history_enabled")),
        ({"data_cutoff_timestamp": "soon"}, ("invalid_value", "schemas.shop.people.data_cutoff_timestamp")),
        (
            {"filters": [{"field_id": "name", "function": "Is"}]},
            ("invalid_filter", "schemas.shop.people.filters[0].function"),
        ),
        (
            {"filters": [{"field_id": "nothing", "function": "IsNull"}]},
            ("unknown_field", "schemas.shop.people.filters[0].field_id"),
        ),
    ],
)
async def test_an_invalid_schema_is_refused(
    stage: Stage, schema: dict[str, Any], problem: tuple[str, str]
) -> None:
    answer = await stage.create(schemas=[{"id": "shop.people", **schema}])

    assert stage.codes(answer) == [problem]


async def test_a_tracking_field_is_refused_where_the_source_does_not_support_one(stage: Stage) -> None:
    stage.table("charges", "id at:datetime", system="stripe", kind="object")

    answer = await stage.create(source="stripe", schemas=[{"id": "charges", "tracking_field": "at"}])

    assert stage.codes(answer) == [("invalid_tracking_field", "schemas.charges.tracking_field")]


async def test_two_schemas_with_the_same_output_are_refused(stage: Stage) -> None:
    stage.table("shop_people", "id")

    assert stage.codes(await stage.create()) == [("duplicate_output", "schemas")]


async def test_a_sync_that_would_overwrite_its_source_is_refused(stage: Stage) -> None:
    stage.table("app.app_people", "id", system="postgresql")
    schema = {"id": "app.app_people", "user_output_name": "app_people"}

    answer = await stage.create(
        source="postgresql", destination_configuration={"schema": "app"}, schemas=[schema]
    )

    assert stage.codes(answer) == [("overlapping_output", "schemas.app.app_people")]


async def test_a_sync_can_write_to_another_schema_of_its_source_system(stage: Stage) -> None:
    stage.table("app.people", "id", [{"id": "1"}], system="postgresql")
    sync = await stage.sync(source="postgresql", schemas=["app.people"])

    assert await stage.copied(sync) == 1
    assert stage.rows("copy.app_people") == [{"id": "1"}]


async def test_connections_that_cannot_be_source_or_destination_are_refused(
    stage: Stage, connect: Connect
) -> None:
    webhook = await connect("webhook", url="https://hooks.acme.example")
    body = await stage.body(source_connection_id=webhook["id"], destination_connection_id=webhook["id"])

    answer = await stage.http.post("/api/bulk/syncs", json=body)

    assert stage.codes(answer) == [
        ("not_a_source", "source_connection_id"),
        ("not_a_destination", "destination_connection_id"),
    ]


async def test_unknown_or_unhealthy_connections_are_refused(stage: Stage, create: Any) -> None:
    waiting = (await create("hubspot", {})).json()["data"]
    body = await stage.body(source_connection_id=waiting["id"], destination_connection_id="nothing")

    answer = await stage.http.post("/api/bulk/syncs", json=body)

    assert stage.codes(answer) == [
        ("not_a_source", "source_connection_id"),
        ("unknown_connection", "destination_connection_id"),
    ]


async def test_a_sync_with_an_unhealthy_connection_does_not_start(stage: Stage) -> None:
    sync = await stage.sync()
    store = stage.workspace.store
    connection = stage.workspace.find("connection", sync["destination_connection_id"])
    store.put("connection", connection["id"], connection | {"status": "unhealthy"})

    answer = await stage.http.post(f"/api/bulk/syncs/{sync['id']}/executions", json={})

    assert stage.codes(answer, 400) == [("not_a_destination", "destination_connection_id")]


async def test_an_invalid_update_is_refused_with_400(stage: Stage) -> None:
    sync = await stage.sync()

    answer = await stage.http.put(f"/api/bulk/syncs/{sync['id']}", json=await stage.body(mode="mirror"))

    assert stage.codes(answer, 400) == [("invalid_value", "mode")]


async def test_a_sync_can_be_updated_although_its_source_lost_a_schema(stage: Stage) -> None:
    stage.table("shop.orders", "id")
    sync = await stage.sync()
    stage.workspace.tables.drop(stage.stored_table("shop.people", system="mysql"))

    updated = await stage.ask("PUT", sync["id"], json=await stage.body(name="Other"))

    assert updated["name"] == "Other"


async def test_settings_without_an_effect_in_the_sandbox_are_stored(stage: Stage) -> None:
    settings = {"replication_slot": "slot"}

    sync = await stage.sync(concurrency_limit=4, source_configuration=settings)

    assert (sync["concurrency_limit"], sync["source_configuration"]) == (4, settings)


async def test_settings_that_are_null_have_their_defaults(stage: Stage) -> None:
    names = ("mode", "active", "source_configuration", "normalize_names", "policies", "concurrency_limit")

    sync = await stage.sync(**dict.fromkeys(names))

    assert [sync[name] for name in names] == ["replicate", False, {}, "enabled", [], None]


async def test_empty_texts_of_a_new_schema_are_omitted_ones(stage: Stage) -> None:
    names = ("user_output_name", "partition_key", "tracking_field", "data_cutoff_timestamp")

    sync = await stage.sync(schemas=[{"id": "shop.people", **dict.fromkeys(names, "")}])
    schema = await stage.ask("GET", f"{sync['id']}/schemas/shop.people")

    assert [schema[name] for name in names] == [None] * len(names)


async def test_a_disabled_schema_needs_no_fields_but_filters_that_are_valid(stage: Stage) -> None:
    off = {"id": "shop.people", "enabled": False, "fields": [{"id": "id", "enabled": False}]}
    wrong = off | {"filters": [{"field_id": "name", "function": "Is"}]}

    assert (await stage.create(schemas=[off])).status_code == 200
    assert stage.codes(await stage.create(schemas=[wrong])) == [
        ("invalid_filter", "schemas.shop.people.filters[0].function")
    ]
