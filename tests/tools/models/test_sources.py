"""A model's configuration, held against the sources that the API publishes."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

TABLES = {"items": ["public.users", "public.orders"], "has_items": True}
WAREHOUSE = {"query": {"items": None, "has_items": False}, "table": TABLES, "view": {"items": []}}


@pytest.fixture
def source(company: ScriptedApi) -> ScriptedApi:
    """A warehouse with two tables, and previews that are not validated."""
    publish(company, {"": (WAREHOUSE, ["query", "table", "view"])})
    company["POST /api/model-preview"] = {"data": {"fields": []}}
    return company


def publish(api: ScriptedApi, levels: Mapping[str, tuple[Any, Any]]) -> None:
    """Publish the keys of each level, by the keys that are chosen above it."""

    def answer(request: httpx.Request) -> Any:
        items, alternatives = levels[",".join(sorted(set(request.url.params)))]
        return {"data": {"items": items, "requires_one_of": alternatives, "configuration": {}}}

    api[path(api)] = answer


def path(api: ScriptedApi) -> str:
    return f"GET /api/connections/{api.WAREHOUSE}/modelsync/source"


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ({"query": "SELEC 1"}, {"query": "SELEC 1"}),
        ({"query": "SELECT 1", "table": "nowhere"}, {"query": "SELECT 1", "table": "nowhere"}),
        ({"table": "PUBLIC.USERS"}, {"table": "public.users"}),
        ({"table": "users"}, {"table": "users"}),
        ({"table": 'analytics."PUBLIC".users'}, {"table": 'analytics."PUBLIC".users'}),
        ({"table": "users", "schema": "public"}, {"table": "users", "schema": "public"}),
        ({"table": "users", "include_deleted": True}, {"table": "users", "include_deleted": True}),
        ({"view": "any"}, {"view": "any"}),
        ({"view": 7}, {"view": "7"}),
    ],
)
async def test_what_the_source_offers_is_sent(
    sent: Any, written: Any, tools: Tools, source: ScriptedApi
) -> None:
    await tools("preview_model", connection_id="Warehouse", configuration=sent)

    (body,) = source.bodies("POST /api/model-preview")
    assert body["configuration"] == written


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"qurey": "SELECT 1"}, "configuration: Unknown field 'qurey'. Did you mean 'query'?"),
        ({"tabel": "users"}, "configuration: One of query, table, view is required."),
        ({"table": "user"}, "configuration.table: 'user' does not exist. Did you mean 'public.users'?"),
        ({"table": {"a": 1}}, "configuration.table must be of type string."),
        ({}, "configuration: One of query, table, view is required."),
        ({"query": " "}, "configuration: One of query, table, view is required."),
        ({"query": ["SELECT 1"]}, "configuration.query must be of type string."),
    ],
)
async def test_what_the_source_does_not_offer_is_refused(
    sent: Any, problem: str, tools: Tools, source: ScriptedApi
) -> None:
    source.echoes("POST /api/models", id="m")
    new = {"name": "New", "connection_id": "Warehouse", "configuration": sent}

    for tool, arguments in (
        ("preview_model", {"connection_id": "Warehouse", "configuration": sent}),
        ("create_model", new),
        ("update_model", {"model_id": source.MODEL, "configuration": sent}),
    ):
        text = await tools.refused(tool, **arguments)
        assert f"- {problem}" in text

    assert source.written() == []


async def test_parts_below_what_is_chosen_are_read_when_they_are_needed(
    tools: Tools, source: ScriptedApi
) -> None:
    databases = {"database": {"items": [{"value": "app", "label": "The app"}]}}
    collections = {"collection": {"items": ["users"]}}
    publish(source, {"": (databases, ["database"]), "params[database]": (collections, ["collection"])})
    mongo = {"connection_id": "Warehouse"}

    for sent, problem in (
        (
            {"database": "app", "collection": "user"},
            "collection: 'user' does not exist. Did you mean 'users'?",
        ),
        ({"database": "app"}, "collection is required. Valid values: users."),
        ({"collection": "users"}, "database is required. Valid values: app (The app)."),
        (
            {"database": "ap", "collection": "users"},
            "database: 'ap' does not exist. Did you mean 'app (The app)'?",
        ),
    ):
        text = await tools.refused("preview_model", **mongo, configuration=sent)
        assert f"configuration.{problem}" in text
    source.requests.clear()
    await tools("preview_model", **mongo, configuration={"database": "the app", "collection": "users"})

    assert len(source.asked(path(source))) == 2
    (body,) = source.bodies("POST /api/model-preview")
    assert body["configuration"] == {"database": "app", "collection": "users"}


async def test_a_required_key_without_published_values_is_named(tools: Tools, source: ScriptedApi) -> None:
    publish(source, {"": ({"other": None}, ["path"])})

    text = await tools.refused("preview_model", connection_id="Warehouse", configuration={"other": "x"})

    assert text.splitlines()[1] == "- configuration.path is required."


@pytest.mark.parametrize("answer", [httpx.Response(422), {"data": None}, {"data": {"items": []}}])
async def test_a_configuration_is_passed_on_where_nothing_is_published(
    answer: Any, tools: Tools, source: ScriptedApi
) -> None:
    source[path(source)] = answer

    await tools("preview_model", connection_id="Warehouse", configuration={"anything": 1.5})

    assert len(source.bodies("POST /api/model-preview")) == 1


async def test_a_query_costs_one_look_at_the_source(tools: Tools, source: ScriptedApi) -> None:
    source.echoes("POST /api/models", id="m", fields=[])

    await tools("create_model", name="New", connection_id="Warehouse", configuration={"query": "SELECT 1"})

    asked = [json.dumps([each.method, each.url.path]) for each in source.requests]
    assert (
        len(asked) == len(set(asked)) == 6
    )  # and: connections, the connection, its source, models, a sample


async def test_files_and_nested_names_of_the_sandbox_are_checked(open_sandbox: Connect) -> None:
    async with open_sandbox() as tools:
        files = {"service_account": "{}", "bucket": "gcs://acme"}
        await tools("create_connection", name="Files", type="GCS", configuration=files)
        good = {"model_from": "single_file", "file_format": "csv", "key": "high_paying_users.csv"}
        await tools("preview_model", connection_id="Files", configuration=good)
        text = await tools.refused(
            "preview_model", connection_id="Files", configuration={"key": "paying_users"}
        )

    assert "configuration.key: 'paying_users' does not exist. Did you mean 'high_paying_users.csv'?" in text
