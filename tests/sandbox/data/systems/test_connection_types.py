"""The connection types and the schemas of their configurations."""

import httpx
from jsonschema import Draft202012Validator

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types


async def test_every_type_is_listed_with_its_capabilities(http: httpx.AsyncClient) -> None:
    types = {row["id"]: row for row in (await http.get("/api/connection_types")).json()["data"]}

    assert len(types) == 226
    assert types["csv"]["capabilities"] == {
        "source": True,
        "destination": False,
        "enrichment": False,
        "logging": False,
        "orchestration": False,
    }
    assert types["s3"]["capabilities"]["logging"]
    assert types["gong"]["oauth_prompt"] == {"key": "auth_method", "value": "oauth"}
    assert types["salesforce"]["oauth_prompt"] == {"key": "connect_mode", "value": "browser"}
    assert types["snowflake"]["oauth_prompt"] is None
    assert types["postgresql"]["initialConfiguration"]["port"] == 5432


async def test_a_types_schema_has_the_apis_own_keywords(http: httpx.AsyncClient) -> None:
    schema = (await http.get("/api/connection_types/gong")).json()

    assert schema["type"] == "object"
    assert schema["required"] == ["auth_method"]
    assert schema["properties"]["auth_method"]["enum"] == [
        {"value": "token", "label": "Token"},
        {"value": "oauth", "label": "Oauth"},
    ]
    assert schema["properties"]["access_secret"]["sensitive"]
    assert schema["properties"]["oauth_refresh_token"]["api_field"]


async def test_a_type_that_does_not_exist_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/connection_types/nonesuch")

    assert answer.status_code == 404


def test_the_types_are_read_once_in_a_process() -> None:
    types = load_connection_types()

    assert types is load_connection_types()
    assert len(types) == 226


def test_the_recorded_fields_are_valid_json_schema() -> None:
    for type_ in load_connection_types().values():
        Draft202012Validator.check_schema({"properties": dict(type_.fields)})

        assert set(type_.required) <= set(type_.fields), type_.id
        assert type_.selector is None or "enum" in type_.fields[type_.selector], type_.id
        assert type_.roles, type_.id


def test_no_default_contradicts_its_own_field() -> None:
    for type_ in load_connection_types().values():
        schema = Draft202012Validator({"properties": dict(type_.fields)})

        assert list(schema.iter_errors(type_.defaults)) == [], type_.id
