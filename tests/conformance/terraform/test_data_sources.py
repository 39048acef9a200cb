"""The data sources of the provider, which reads each of them once and does not try again."""

import pytest

from tests.conformance.terraform.conftest import POSTGRESQL
from tests.conformance.terraform.replay import Api, Json


async def made(api: Api, type_: str, configuration: Json) -> str:
    body = {"name": f"A {type_}", "type": type_, "configuration": configuration, "validate": False}
    return (await api.call("POST", "/api/connections", body))["id"]


@pytest.mark.parametrize("type_", ["postgresql", "csv"])
async def test_a_new_connection_has_its_schemas_at_once(api: Api, type_: str) -> None:
    configuration = {"postgresql": POSTGRESQL, "csv": {"url": "https://acme.example/"}}[type_]
    id_ = await made(api, type_, configuration)
    fresh = await made(api, type_, configuration)

    source = await api.call("GET", f"/api/connections/{id_}/bulksync/source")
    name = source["schemas"][0]["id"]
    schema = await api.call("GET", f"/api/connections/{fresh}/schemas/{name}")

    assert schema["id"] == name
    assert all(isinstance(each[part], str) for each in schema["fields"] for part in ("id", "name", "type"))


async def test_the_file_of_a_csv_connection_is_the_schema_data_which_takes_a_composite_key(api: Api) -> None:
    id_ = await made(api, "csv", {"url": "https://acme.example/"})
    path = f"/api/connections/{id_}/schemas/data"

    schema = await api.call("GET", path)
    ids = {each["name"]: each["id"] for each in schema["fields"]}
    keys = [{"field_id": ids[name], "is_primary_key": True} for name in ("firstname", "lastname")]
    await api.whole("PUT", f"{path}/primary_keys", {"fields": keys})

    fields = (await api.call("GET", path))["fields"]
    assert schema["name"] == "data"
    assert {"firstname", "lastname", "EMail", "favouritefood"} <= ids.keys()
    assert [each["name"] for each in fields if each["is_primary_key"]] == ["firstname", "lastname"]


@pytest.mark.parametrize("type_", ["postgresql", "s3", "gsheets"])
async def test_a_bulk_destination_has_modes_and_a_configuration(api: Api, type_: str) -> None:
    configuration = {
        "postgresql": POSTGRESQL,
        "s3": {"s3_bucket_name": "lake", "s3_bucket_region": "eu-west-1", "aws_access_key_id": "a"},
        "gsheets": {"connect_mode": "jwt", "service_account": "{}", "spreadsheet_id": {"value": "1"}},
    }[type_]
    id_ = await made(api, type_, configuration)

    target = await api.call("GET", f"/api/connections/{id_}/bulksync/target")

    assert "replicate" in [each["id"] for each in target["modes"]]
    assert all(each[part] for each in target["modes"] for part in ("id", "label", "description"))
    assert isinstance(target["configuration"], dict)


async def test_the_caller_has_an_organization(api: Api) -> None:
    caller = await api.call("GET", "/api/me")

    assert caller["organization_id"]
    assert caller["organization_name"]
    assert {caller[name] for name in ("is_user", "is_organization", "is_partner", "is_system")} <= {
        True,
        False,
    }


async def test_a_role_is_found_by_its_name_in_any_case(api: Api) -> None:
    roles = await api.call("GET", "/api/permissions/roles")

    assert [each["name"] for each in roles if each["name"].lower() == "admin"] == ["Admin"]
