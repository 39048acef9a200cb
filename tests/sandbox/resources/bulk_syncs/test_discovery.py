"""What a connection offers to bulk syncs, as a source and as a destination."""

from typing import Any

import pytest

from tests.sandbox.conftest import Connect
from tests.sandbox.resources.bulk_syncs.conftest import Stage

SHEETS: dict[str, Any] = {
    "connect_mode": "jwt",
    "service_account": "{}",
    "spreadsheet_id": {"value": "1", "label": "One"},
}


async def test_a_new_source_lists_its_schemas_at_once(stage: Stage, connect: Connect) -> None:
    salesforce = await connect("salesforce")
    path = f"/api/connections/{salesforce['id']}/bulksync/source"

    answer = await stage.http.get(path)

    assert {"id": "Account", "name": "Account"} in answer.json()["data"]["schemas"]
    assert answer.json()["data"]["capabilities"] == {
        "supports_namespaces": False,
        "supports_tracking_fields": False,
    }


async def test_a_database_lists_its_fields_and_settings_on_request(stage: Stage) -> None:
    stage.table("shop.people", "id name")
    id_ = await stage.connection("mysql")

    answer = await stage.http.get(
        f"/api/connections/{id_}/bulksync/source", params={"include_fields": "true"}
    )

    (schema,) = answer.json()["data"]["schemas"]
    assert [(field["id"], field["is_primary_key"]) for field in schema["fields"]] == [
        ("id", True),
        ("name", False),
    ]
    assert answer.json()["data"]["configuration"]["properties"] == {"replication_slot": {"type": "string"}}


async def test_flows_are_not_schemas(stage: Stage) -> None:
    id_ = await stage.connection("gong")

    answer = await stage.http.get(f"/api/connections/{id_}/bulksync/source")

    assert {each["id"] for each in answer.json()["data"]["schemas"]} == {"accounts", "people"}


async def test_a_destination_lists_its_settings_and_modes(stage: Stage) -> None:
    warehouse, bucket = await stage.connection("snowflake"), await stage.connection("s3")

    found = [
        (await stage.http.get(f"/api/connections/{id_}/bulksync/target")).json()["data"]
        for id_ in (warehouse, bucket)
    ]

    assert found[0]["configuration"]["required"] == ["schema"]
    assert list(found[0]["configuration"]["properties"]) == ["schema", "mirror_schemas", "advanced"]
    assert list(found[1]["configuration"]["properties"]) == ["format", "path", "advanced"]
    advanced = found[0]["configuration"]["properties"]["advanced"]
    assert found[1]["configuration"]["properties"]["advanced"] == advanced
    assert {name: each["type"] for name, each in advanced["properties"].items()} == {
        "hard_deletes": "boolean",
        "table_prefix": "string",
        "truncate_existing": "boolean",
    }
    assert [mode["id"] for mode in found[0]["modes"]] == ["replicate", "snapshot", "append"]
    assert found[0]["supported_resync_modes"] == ["refetch", "resync", "rebuild"]


@pytest.mark.parametrize(
    ("type_", "version", "modes"),
    [
        ("postgresql", "2025-09-18", ["replicate", "append"]),
        ("googlecloudsql", "2024-02-08", ["replicate"]),
        ("snowflake", "2024-02-08", ["replicate", "snapshot"]),
        ("gsheets", "2025-09-18", ["replicate", "snapshot", "append"]),
    ],
)
async def test_a_destination_offers_the_modes_of_its_type_and_of_the_version(
    stage: Stage, connect: Connect, type_: str, version: str, modes: list[str]
) -> None:
    server = {"connection_name": "n", "database": "d", "username": "u", "password": "p", "credentials": "{}"}
    known = {"gsheets": SHEETS, "googlecloudsql": server}
    id_ = (await connect(type_, **known.get(type_, {})))["id"]
    headers = {"X-Polytomic-Version": version}

    answer = await stage.http.get(f"/api/connections/{id_}/bulksync/target", headers=headers)

    assert [mode["id"] for mode in answer.json()["data"]["modes"]] == modes


async def test_a_bulk_sync_writes_sheets(stage: Stage, connect: Connect) -> None:
    stage.table("shop.people", "id name", [{"id": "1", "name": "Ada"}])
    sheets = await connect("gsheets", **SHEETS)

    sync = await stage.sync(
        destination_connection_id=sheets["id"], destination_configuration={}, schemas=["shop.people"]
    )
    await stage.start(sync)

    assert stage.rows("shop_people.csv", system="gsheets") == [{"id": "1", "name": "Ada"}]


async def test_an_unsupported_mode_is_refused_with_those_of_the_destination(stage: Stage) -> None:
    answer = await stage.create(mode="snapshot")

    assert answer.status_code == 422
    assert "My postgresql does not support mode 'snapshot'. Valid values: " in answer.text


async def test_discovery_refuses_a_connection_that_cannot_be_a_source_or_destination(
    stage: Stage, connect: Connect
) -> None:
    webhook = await connect("webhook", url="https://hooks.acme.example")
    path = f"/api/connections/{webhook['id']}/bulksync"

    source, target = await stage.http.get(f"{path}/source"), await stage.http.get(f"{path}/target")

    assert (source.status_code, source.json()["key"]) == (400, "not_a_source")
    assert (target.status_code, target.json()["key"]) == (400, "not_a_destination")


async def test_files_are_written_to_a_folder_of_the_bucket(stage: Stage) -> None:
    stage.table("shop.people", "id", [{"id": "1"}])
    sync = await stage.sync(to="s3", destination_configuration={"format": "parquet", "path": "/raw/"})

    await stage.copied(sync)

    assert stage.rows("raw/shop_people.parquet", system="s3") == [{"id": "1"}]


async def test_an_older_version_has_no_append(stage: Stage) -> None:
    path = f"/api/connections/{await stage.connection('snowflake')}/bulksync/target"

    old = (await stage.http.get(path, headers={"X-Polytomic-Version": "2024-02-08"})).json()["data"]

    assert [mode["id"] for mode in old["modes"]] == ["replicate", "snapshot"]
