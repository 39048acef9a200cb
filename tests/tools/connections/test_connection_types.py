"""Connection types: the fields of a configuration, read from a schema with its own keywords."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

SCHEMA = {
    "required": ["host", "password"],
    "properties": {
        "host": {"type": "string", "title": "Host"},
        "password": {"type": "string", "sensitive": True},
        "token": {"type": "string", "writeOnly": True},
        "port": {"type": "integer", "default": 5432},
        "mode": {"type": "string", "enum": [{"value": "a", "label": "A"}, "b"]},
        "filled": {"type": "string", "readOnly": True},
        "filled_too": {"type": "string", "readonly": True},
        "ssh": {"type": "object", "properties": {"key": {"type": "string", "sensitive": True}}},
        "accounts": {"type": "array", "items": {"properties": {"value": {"type": "string"}}}},
    },
}
FIELDS = [
    {"name": "host", "type": "string", "required": True},
    {"name": "password", "type": "string", "required": True, "secret": True},
    {"name": "token", "type": "string", "secret": True},
    {"name": "port", "type": "integer", "default": 5432},
    {"name": "mode", "type": "string", "choices": ["a", "b"]},
    {"name": "ssh", "type": "object", "fields": [{"name": "key", "type": "string", "secret": True}]},
    {"name": "accounts", "type": "array", "fields": [{"name": "value", "type": "string"}]},
]


def serve(api: ScriptedApi, *entries: dict[str, Any]) -> None:
    api["GET /api/connection_types"] = {"data": list(entries)}


async def test_a_type_is_described_by_its_fields(tools: Tools, api: ScriptedApi) -> None:
    serve(api, {"id": "pg", "name": "PostgreSQL", "use_oauth": False})
    api["GET /api/connection_types/pg"] = SCHEMA

    described = await tools("describe_connection_type", type="postgresql")

    assert described == {"id": "pg", "name": "PostgreSQL", "use_oauth": False, "configuration": FIELDS}


async def test_a_type_without_its_own_schema_is_described_by_its_form(tools: Tools, api: ScriptedApi) -> None:
    serve(api, {"id": "pg", "configurationForm": {"jsonschema": SCHEMA}})
    api["GET /api/connection_types/pg"] = httpx.Response(404)

    assert (await tools("describe_connection_type", type="pg"))["configuration"] == FIELDS


async def test_an_id_takes_precedence_over_a_name(tools: Tools, api: ScriptedApi) -> None:
    serve(api, {"id": "other", "name": "CSV"}, {"id": "csv", "name": None})
    api["GET /api/connection_types/csv"] = {"type": "object"}

    assert (await tools("describe_connection_type", type="csv"))["id"] == "csv"


async def test_an_unknown_type_is_refused_with_the_nearest_one(tools: Tools, api: ScriptedApi) -> None:
    serve(api, {"id": "snowflake", "name": None})

    text = await tools.refused("describe_connection_type", type="snowflak")

    assert "Did you mean 'snowflake'? list_connection_types shows all." in text


async def test_a_row_says_whether_a_type_can_be_a_source_or_a_destination(
    tools: Tools, api: ScriptedApi
) -> None:
    serve(api, {"id": "gong", "name": "Gong", "capabilities": {"destination": True}, "use_oauth": True})

    (row,) = (await tools("list_connection_types", role="destination"))["items"]

    expected = {"id": "gong", "name": "Gong", "source": False, "destination": True, "use_oauth": True}
    assert row == expected


@pytest.mark.slow
async def test_types_of_the_sandbox_can_be_described(open_sandbox: Connect) -> None:
    async with open_sandbox() as tools:
        types, token = [], {}
        while token is not None:
            page = await tools("list_connection_types", limit=1000, **token)
            types += page["items"]
            token = {"page_token": page["next_page_token"]} if "next_page_token" in page else None
        described = [await tools("describe_connection_type", type=row["id"]) for row in types[::5]]

    assert len(types) == 232
    assert [each["id"] for each in described] == [row["id"] for row in types[::5]]
