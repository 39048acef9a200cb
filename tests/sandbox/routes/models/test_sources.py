"""What a model can select, browsed step by step."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from tests.sandbox.conftest import Connect

SOURCE = "/api/connections/{}/modelsync/source"


async def get(http: httpx.AsyncClient, connection: dict[str, Any], path: str = "", **params: str) -> Any:
    answer = await http.get(SOURCE.format(connection["id"]) + path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_a_warehouse_offers_a_query_a_table_or_a_view(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    source = await get(http, await connect("snowflake"))

    assert source["requires_one_of"] == ["query", "table", "view"]
    assert source["items"]["query"] == {"items": None, "has_items": False, "requires_one_of": None}
    assert source["items"]["table"]["has_items"]
    assert "public.salesforce_contacts" in source["items"]["table"]["items"]
    assert "configuration" not in source


async def test_mysql_answers_as_its_guide_shows(http: httpx.AsyncClient, connect: Connect) -> None:
    nothing = {"items": None, "requires_one_of": None, "has_items": False}
    tables = ["company.accounts", "company.customers"]

    source = await get(http, await connect("mysql"))

    assert source == {
        "items": {
            "query": nothing,
            "table": {"items": tables, "requires_one_of": None, "has_items": True},
            "tracking_columns": nothing,
            "view": nothing,
        },
        "requires_one_of": ["query", "table", "view"],
    }
    assert list(source["items"]) == ["query", "table", "tracking_columns", "view"]


@pytest.mark.parametrize("name", ["customers", "company.customers", "shop.customers"])
async def test_a_query_finds_a_table_of_mysql_without_its_schema(
    http: httpx.AsyncClient, connect: Connect, name: str
) -> None:
    shop = {"hostname": "db.acme.example", "account": "ada", "passwd": "pw", "dbname": "shop"}
    connection = await connect("mysql", **shop)

    fields = await get(http, connection, "/fields", **{"params[query]": f"FROM {name}"})

    assert "monthly_amount" in [field["name"] for field in fields]


@pytest.mark.parametrize(
    ("type_", "other", "name"),
    [
        ("hubspot", "Contact", "contacts"),
        ("hubspot", "COMPANY", "companies"),
        ("salesforce", "companies", "Account"),
        ("netsuite", "companies", "customer"),
    ],
)
async def test_an_object_is_found_by_its_other_name(
    http: httpx.AsyncClient, connect: Connect, type_: str, other: str, name: str
) -> None:
    connection = await connect(type_)

    found = await get(http, connection, **{"params[stream_id]": other})
    same = await get(http, connection, **{"params[stream_id]": name})

    assert found["items"] == same["items"]
    assert found["items"]["tracking_columns"]["has_items"]


async def test_views_are_listed_and_read_apart_from_tables(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any
) -> None:
    connection = await connect("snowflake")
    columns = (Column("seen_at", "string", "VARCHAR"),)
    sandbox.state.workspace.tables.create(Table("snowflake", "public.seen", "seen", "view", columns))

    items = (await get(http, connection))["items"]
    fields = await get(http, connection, "/fields", view="public.seen")

    assert items["view"]["items"] == ["public.seen"]
    assert "public.users" in items["table"]["items"]
    assert "public.seen" not in items["table"]["items"]
    assert [each["name"] for each in fields] == ["seen_at"]


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [
        ("gong", ["table", "stream_id"]),
        ("hubspot", ["table", "stream_id"]),
        ("salesforce", ["query", "table", "stream_id"]),
    ],
)
async def test_an_application_offers_its_objects(
    http: httpx.AsyncClient, connect: Connect, type_: str, wanted: list[str]
) -> None:
    source = await get(http, await connect(type_))

    assert source["requires_one_of"] == wanted
    assert source["items"]["table"]["items"]


@pytest.mark.parametrize("key", ["params[table]", "table"])
async def test_a_chosen_table_shows_its_columns(http: httpx.AsyncClient, connect: Connect, key: str) -> None:
    source = await get(http, await connect("postgresql"), **{key: "public.orders"})

    assert source["configuration"] == {"table": {"type": "string", "items": ["public.orders"]}}
    assert "ordered_at" in source["items"]["tracking_columns"]["items"]


async def test_the_fields_of_a_table_or_a_query_are_shown_without_a_model(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")

    table = await get(http, connection, "/fields", **{"params[table]": "accounts"})
    query = await get(http, connection, "/fields", **{"params[query]": "SELECT 1.5 AS x"})

    assert [field["name"] for field in table][:2] == ["account_id", "name"]
    assert (query[0]["name"], query[0]["type"], query[0]["example"]) == ("x", "number", 1.5)


async def test_fields_without_a_choice_are_refused(http: httpx.AsyncClient, connect: Connect) -> None:
    refused = await http.get(SOURCE.format((await connect("snowflake"))["id"]) + "/fields")

    assert refused.status_code == 422
    assert "one of: query; table; view" in refused.json()["message"]


async def test_a_connection_that_waits_for_consent_shows_no_sources(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("gong", auth_method="oauth")

    refused = await http.get(SOURCE.format(connection["id"]))

    assert refused.status_code == 422
    assert "unhealthy" in refused.json()["message"]
