"""What a connection offers to bulk syncs, as a source and as a destination."""

from tests.sandbox.conftest import Connect
from tests.sandbox.resources.bulk_syncs.conftest import Stage


async def test_a_source_lists_its_schemas_once_its_cache_is_filled(stage: Stage, connect: Connect) -> None:
    salesforce = await connect("salesforce")
    path = f"/api/connections/{salesforce['id']}/bulksync/source"

    first, second = await stage.http.get(path), await stage.http.get(path)

    assert first.status_code == 400
    assert {"id": "Account", "name": "Account"} in second.json()["data"]["schemas"]
    assert second.json()["data"]["capabilities"] == {
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
