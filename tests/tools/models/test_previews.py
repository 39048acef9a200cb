"""Previews: the columns and first rows of a stored model, or of a table or query that nothing stores."""

import json
from typing import Any

import httpx
import pytest

from polytomic_mcp.settings import Secret, Settings
from tests.tools.conftest import KEY, Clock, Connect, ScriptedApi, Tools
from tests.tools.models.test_queries import PATH, numbers, serve, serve_pages

RECORDS = "GET /api/connections/{}/schemas/{}/records"


def hold(api: ScriptedApi, **parts: Any) -> None:
    """Serve a model with two fields."""
    fields = [{"id": "f1", "name": "a"}, {"id": "f2", "name": "b", "type": "string"}]
    model = {"id": api.MODEL, "name": "Plans", "connection_id": api.WAREHOUSE, "fields": fields}
    api.holds("models", model | {"configuration": {"query": "SELECT a, b FROM t"}} | parts)


def offer(api: ScriptedApi, *names: str, type_: str = "snowflake") -> None:
    """Serve a warehouse of a type, in which a configuration has these columns."""
    kind = {"id": type_}
    api.holds("connections", {"id": api.WAREHOUSE, "name": "Warehouse", "type": kind, "status": "healthy"})
    api["POST /api/model-preview"] = {"data": {"fields": [{"name": name} for name in names]}}


def sent_query(api: ScriptedApi) -> str:
    (request,) = api.asked(f"POST /api/connections/{api.WAREHOUSE}/query")
    return str(json.loads(request.content or "{}").get("query") or request.url.params.get("query"))


async def test_a_stored_model_is_previewed_by_its_rows(tools: Tools, api: ScriptedApi) -> None:
    hold(api)
    records = [{api.MODEL: {"a": number, "b": None}, "enricher": {"c": 9}} for number in range(30)]
    api[f"GET /api/models/{api.MODEL}/sample"] = {"data": {"records": records, "warnings": []}}

    preview = await tools("preview_model", model_id="plans", limit=2)

    assert preview["rows"] == [{"a": 0, "b": None, "c": 9}, {"a": 1, "b": None, "c": 9}]
    assert [field["name"] for field in preview["fields"]] == ["a", "b"]


async def test_a_new_configuration_is_previewed_by_its_fields_and_stores_nothing(
    tools: Tools, company: ScriptedApi
) -> None:
    company["POST /api/model-preview"] = {"data": {"fields": [{"name": "n"}]}}

    preview = await tools("preview_model", connection_id="Warehouse", configuration={"query": "SELECT 1"})

    assert preview["fields"] == [{"name": "n"}]
    assert preview["note"].startswith("The rows could not be read. POST /api/connections/")
    assert [each for each in company.written() if "models" in each] == []


@pytest.mark.parametrize("arguments", [{}, {"connection_id": "Warehouse"}, {"configuration": {}}])
async def test_a_preview_requires_a_model_or_a_configuration(
    arguments: Any, tools: Tools, api: ScriptedApi
) -> None:
    text = await tools.refused("preview_model", **arguments)

    assert "Send model_id, or connection_id and configuration" in text
    assert api.requests == []


async def test_a_preview_of_two_things_is_refused(tools: Tools, api: ScriptedApi) -> None:
    hold(api)

    text = await tools.refused("preview_model", model_id=api.MODEL, configuration={"query": "SELECT 1"})

    assert "not both" in text


@pytest.mark.parametrize(
    ("type_", "sent"),
    [
        ("snowflake", "SELECT * FROM (\nSELECT n -- one\n) AS preview LIMIT 2"),
        ("mssql", "SELECT TOP (2) * FROM (\nSELECT n -- one\n) AS preview"),
        ("salesforce", "SELECT n -- one"),
    ],
)
async def test_a_new_query_is_previewed_by_its_first_rows_in_the_dialect_of_its_system(
    type_: str, sent: str, tools: Tools, api: ScriptedApi
) -> None:
    offer(api, "n", "text", type_=type_)
    serve_pages(api, numbers(0, 5))

    preview = await tools(
        "preview_model", connection_id="Warehouse", configuration={"query": " SELECT n -- one ; "}, limit=2
    )

    assert preview["rows"] == numbers(0, 2)
    assert sent_query(api) == sent


async def test_a_new_table_is_previewed_by_its_first_rows(tools: Tools, api: ScriptedApi) -> None:
    offer(api, "n", "text")
    serve_pages(api, numbers(0, 20))

    preview = await tools(
        "preview_model", connection_id="Warehouse", configuration={"table": "shop.orders"}, limit=15
    )

    assert preview["rows"] == numbers(0, 15)
    assert sent_query(api) == "SELECT * FROM shop.orders LIMIT 15"


async def test_what_no_query_can_read_is_previewed_by_its_records(tools: Tools, api: ScriptedApi) -> None:
    offer(api, "n", "text")
    api[RECORDS.format(api.WAREHOUSE, "app.users")] = {"data": numbers(0, 12)}
    users = {"database": "app", "collection": "users"}

    few = await tools("preview_model", connection_id="Warehouse", configuration=users, limit=3)
    many = await tools("preview_model", connection_id="Warehouse", configuration=users, limit=40)

    assert (few["rows"], few.get("note")) == (numbers(0, 3), None)
    assert many["rows"] == numbers(0, 12)
    assert many["note"] == "These 12 rows may not be all: more could not be read."


async def test_the_records_of_a_new_connection_are_waited_for(
    tools: Tools, api: ScriptedApi, clock: Clock
) -> None:
    offer(api, "n")
    refusals = [httpx.Response(422, json={"message": "schema cache refresh in progress"})] * 2
    answers: list[Any] = [*refusals, {"data": [{"n": 1}]}]
    api[RECORDS.format(api.WAREHOUSE, "app.users")] = lambda _: answers.pop(0)
    users = {"database": "app", "collection": "users"}

    preview = await tools("preview_model", connection_id="Warehouse", configuration=users)

    assert preview["rows"] == [{"n": 1}]
    assert 2 <= clock.time < 20


async def test_without_rows_the_fields_are_shown_with_examples_and_the_reason(
    tools: Tools, api: ScriptedApi
) -> None:
    offer(api, "n")
    field = {"id": "x", "name": "n", "label": "n", "type": "number", "example": 1, "unique": False}
    api["POST /api/model-preview"] = {"data": {"fields": [field]}}
    api[RECORDS.format(api.WAREHOUSE, "orders")] = httpx.Response(422, json={"message": "cannot be queried"})

    preview = await tools("preview_model", connection_id="Warehouse", configuration={"table": "orders"})

    assert preview["fields"] == [{"name": "n", "type": "number", "example": 1}]
    assert preview["note"].startswith("The rows could not be read. GET /api/connections/")
    assert "cannot be queried" in preview["note"]
    assert "rows" not in preview


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1) AS a; DELETE FROM users; SELECT * FROM (SELECT 2",
        "SELECT 'a\\'; DELETE FROM users; -- '",
        "SELECT 1--1; DELETE FROM users",
        "SELECT \"'\"; DELETE FROM users; -- '",
        "SELECT 1 /*! ; DELETE FROM users */",
        "SELECT 'a; DELETE FROM users",
    ],
)
async def test_only_a_single_select_is_run_for_a_preview(query: str, tools: Tools, api: ScriptedApi) -> None:
    offer(api, "n")

    preview = await tools("preview_model", connection_id="Warehouse", configuration={"query": query})

    assert preview["note"] == (
        "The rows could not be read. Only a single SELECT is run for a preview: remove the semicolon."
    )
    assert api.written() == ["POST /api/model-preview"]


@pytest.mark.parametrize(
    ("query", "inner"),
    [
        ("SELECT ';' AS n FROM t", "SELECT ';' AS n FROM t"),
        ("SELECT 'it''s; b' AS n;", "SELECT 'it''s; b' AS n"),
        ("SELECT n -- a; b\nFROM t", "SELECT n -- a; b\nFROM t"),
        ("SELECT n - 1 FROM t; -- done; really\n--\n ", "SELECT n - 1 FROM t"),
    ],
)
async def test_a_semicolon_in_a_text_or_a_comment_ends_nothing(
    query: str, inner: str, tools: Tools, api: ScriptedApi
) -> None:
    offer(api, "n")
    serve_pages(api, numbers(0, 1))

    await tools("preview_model", connection_id="Warehouse", configuration={"query": query}, limit=2)

    assert sent_query(api).removeprefix("SELECT * FROM (\n") == f"{inner}\n) AS preview LIMIT 2"


async def test_a_preview_does_not_last_longer_than_a_call_may(
    api: ScriptedApi, clock: Clock, connect: Connect
) -> None:
    offer(api, "n")
    serve(api, {"status": "running"})

    async with connect(settings=Settings(api_key=Secret(KEY), call_seconds=6.0)) as tools:
        await tools("preview_model", connection_id="Warehouse", configuration={"query": "SELECT n"})

    assert clock.time < 6


async def test_a_source_without_rows_says_so(tools: Tools, api: ScriptedApi) -> None:
    offer(api, "n")
    serve_pages(api, [])
    api[f"GET {PATH}"] = {"data": {"status": "done", "count": 0, "fields": ["n"], "results": None}}

    preview = await tools("preview_model", connection_id="Warehouse", configuration={"query": "SELECT n"})

    assert preview["rows"] == []
    assert preview["note"] == "It returns no rows: a sync of it would write nothing."


async def test_a_slow_query_is_waited_for_with_run_query(tools: Tools, api: ScriptedApi) -> None:
    offer(api, "n")
    serve(api, {"status": "running"})

    preview = await tools("preview_model", connection_id="Warehouse", configuration={"query": "SELECT n"})

    assert preview["note"] == "The rows could not be read. The query is running."
    assert [step["tool"] for step in preview["next_steps"]] == ["run_query"]


async def test_rows_that_do_not_fit_are_read_with_run_query(tools: Tools, api: ScriptedApi) -> None:
    offer(api, "n")
    long = [{f"c{column}": f"{number} " + "word " * 50 for column in range(20)} for number in range(20)]
    serve_pages(api, long)

    preview = await tools(
        "preview_model", connection_id="Warehouse", configuration={"query": "SELECT n"}, limit=20
    )
    (step,) = preview["next_steps"]
    rest = await tools(step["tool"], **step["arguments"])

    assert 0 < len(preview["rows"]) < 20
    assert preview["rows"] == long[: len(preview["rows"])]
    assert rest["rows"][0][0].startswith(f"{len(preview['rows'])} ")


async def test_a_long_text_is_cut_so_that_every_row_is_shown(tools: Tools, api: ScriptedApi) -> None:
    offer(api, "n")
    rows = [{"n": number, "a/b": f"{number} " + "word " * 1000} for number in range(5)]
    serve_pages(api, rows)

    preview = await tools(
        "preview_model", connection_id="Warehouse", configuration={"query": "SELECT n"}, limit=5
    )

    assert preview["rows"] == [row | {"a/b": row["a/b"][:300]} for row in rows]
    cut = preview["truncated"][1]
    assert (cut["pointer"], cut["shown"], cut["total"]) == ("/rows/1/a~1b", 300, 5002)
    assert cut["rest"]["arguments"]["pointer"] == "/data/results/1/a~1b"
    rest = await tools("read_operation", **cut["rest"]["arguments"])
    assert rest["result"] == rows[1]["a/b"][300:]


async def test_a_stored_model_shows_as_many_rows_as_are_wanted(tools: Tools, company: ScriptedApi) -> None:
    hold(company)
    rows = [{"a": number, "b": str(number), "c": "hidden"} for number in range(30)]
    sample = [{company.MODEL: {"a": number, "b": str(number)}} for number in range(10)]
    company[f"GET /api/models/{company.MODEL}/sample"] = {"data": {"records": sample}}
    serve_pages(company, rows)

    many = await tools("preview_model", model_id="Plans", limit=25)
    company[f"GET {PATH}"] = httpx.Response(500)
    sampled = await tools("preview_model", model_id="Plans", limit=25)

    assert many["rows"] == [{"a": number, "b": str(number)} for number in range(25)]
    assert "note" not in many
    assert len(sampled["rows"]) == 10
    assert sampled["note"] == "These 10 rows may not be all: more could not be read."


async def test_the_sandbox_shows_columns_and_rows_of_a_table_with_the_default_tools(
    open_sandbox: Connect,
) -> None:
    configuration = {"account": "a", "username": "u", "password": "p", "warehouse": "w", "dbname": "d"}
    async with open_sandbox() as tools:
        await tools("create_connection", name="Snowflake", type="snowflake", configuration=configuration)
        preview = await tools(
            "preview_model", connection_id="snowflake", configuration={"table": "customers"}, limit=5
        )

    assert {"name": "email", "type": "string", "remote_type": "VARCHAR"} in preview["fields"]
    assert len(preview["rows"]) == 5
