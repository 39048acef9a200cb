"""The connection types and the schemas of their configurations."""

import httpx
import pytest
from jsonschema import Draft202012Validator

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types


async def test_every_type_is_listed_with_its_capabilities(http: httpx.AsyncClient) -> None:
    types = {row["id"]: row for row in (await http.get("/api/connection_types")).json()["data"]}

    assert len(types) == 232
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


@pytest.mark.parametrize(
    ("type_id", "fields"),
    [
        ("anrok", {"api_key"}),
        ("apple_ads", {"org_id"}),
        ("bigquery", {"bulk_sync_staging_schema", "use_bulk_sync_staging_schema"}),
        ("clickhouse", {"gcs_bucket_name", "gcs_hmac_access_id", "gcs_hmac_secret"}),
        ("coupa", {"auth_method", "client_id", "client_secret", "host"}),
        ("google_search_ads_360", {"blanket_user_consent", "use_data_manager_api"}),
        ("linkedin_company_pages", {"organizations"}),
        ("planetscale_vitess", {"change_detection", "database", "hostname", "password", "port", "username"}),
        ("podscribe", {"advertisers", "api_key"}),
        ("polytomic_harbor", set[str]()),
        ("slack", {"webhook_collections"}),
    ],
)
def test_what_the_provider_recorded_last_is_known(type_id: str, fields: set[str]) -> None:
    assert fields <= load_connection_types()[type_id].fields.keys()


def test_a_bucket_of_google_can_stage_the_rows_of_clickhouse() -> None:
    clickhouse = load_connection_types()["clickhouse"]

    assert clickhouse.fields["cloud_provider"]["enum"] == ["aws", "azure", "gcp"]
    assert "gcs_hmac_secret" in clickhouse.sensitive


def test_a_dbt_repository_needs_no_branch() -> None:
    assert load_connection_types()["dbtprojectrepository"].required == ()


def test_the_types_are_read_once_in_a_process() -> None:
    types = load_connection_types()

    assert types is load_connection_types()
    assert len(types) == 232


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
