"""Odd answers of the API: none crashes a tool, and none is taken for "there is nothing"."""

import json
from typing import Any

import httpx
import pytest

from polytomic_mcp.settings import TOOLSETS
from polytomic_mcp.tools.toolsets import toolsets
from tests.conftest import text_of
from tests.tools.answers.conftest import BULK_SYNC, ORDERS, QUERY, OddApi
from tests.tools.conftest import Connect, ScriptedApi, Tools

BULK = {"bulk_sync_id": "Copies"}
SYNC = {"sync_id": "Plans to Gong"}
TABLE = {"connection_id": "Warehouse", "schema_id": ORDERS}
WAREHOUSE = {"connection_id": "Warehouse"}
READS: list[tuple[str, dict[str, Any]]] = [
    ("list_connection_types", {}),
    ("describe_connection_type", {"type": "snowflake"}),
    ("list_connections", {}),
    ("get_connection", WAREHOUSE),
    ("test_connection", WAREHOUSE),
    ("list_models", WAREHOUSE),
    ("get_model", {"model_id": "Plans"}),
    ("preview_model", {"model_id": "Plans"}),
    ("preview_model", {"configuration": {"table": "plans"}, **WAREHOUSE}),
    ("list_target_objects", {"connection_id": "Gong"}),
    ("list_target_fields", {"connection_id": "Gong", "target": "Winter flow"}),
    ("list_syncs", {"target_connection_id": "Gong"}),
    ("get_sync", SYNC),
    ("get_sync_execution", {"log": "errors", **SYNC}),
    ("diagnose_sync", SYNC),
    ("sync_overview", {}),
    ("trace_lineage", WAREHOUSE),
    ("trace_lineage", {"model_id": "Plans", "field": "contact_id"}),
    ("find_operations", {"query": "sync"}),
    ("get_guide", {"topic": "webhook"}),
    ("read_operation", {"operation": "GET /api/syncs"}),
    ("list_bulk_syncs", {}),
    ("get_bulk_sync", {"schema_id": "orders", **BULK}),
    ("list_source_schemas", {"schema_id": "orders", **WAREHOUSE}),
    ("get_bulk_sync_execution", {"schema_id": "orders", **BULK}),
    ("get_bulk_sync_execution", {"log": True, **BULK}),
    ("get_schema_status", WAREHOUSE),
    ("get_schema", TABLE),
    ("read_schema_records", TABLE),
    ("list_events", SYNC),
    ("list_events", {"type": "sync.completed"}),
    ("list_webhooks", {}),
    ("list_webhook_deliveries", {}),
    ("get_error_notifications", {}),
    ("get_error_notifications", SYNC),
    ("get_organization", {}),
    ("list_users", {}),
    ("list_roles", {}),
    ("list_policies", {}),
    ("run_query", {"query": "SELECT 1", **WAREHOUSE}),
]
PARTS: list[Any] = [
    *(None, "", "hello", 0, 5, -1.5, True, False, {}, {"a": 1}, {"id": None}, {"id": 5}, {"id": {}}),
    *([None], ["x"], [5], [[]], [{}], [{"name": "x"}], [{"id": None}], [{"id": 5}], [{"id": ""}], 10**400),
]
TEXTS = [
    *("", " ", "<html>", "{", "1e400", "NaN", "[" * 900 + "]" * 900, '{"data": NaN}', '{"data": 1e400}'),
    '{"data": ' * 900 + "1" + "}" * 900,
    '{"data": ' + "[" * 90 + "]" * 90 + "}",
    '{"\\ud800": "\\udfff", "data": {"\\udfff": "\\ud800"}}',
    '{"data": [{"id": "\\ud800"}], "pagination": "more"}',
    '{"data": {"status": ["done"], "counts": [1], "errors": {}, "schemas": "x", "fields": "f", "id": "x"}}',
    json.dumps({"data": {"id": "i" * 50_000, "status": "s" * 50_000}}),
]
BODIES = [*map(json.dumps, PARTS[::3]), *(json.dumps({"data": part}) for part in PARTS), *TEXTS]
LISTS = ("items", "rows", "fields", "configuration", "log", "schemas", "enabled_schemas")


async def called(tools: Tools, tool: str, arguments: dict[str, Any]) -> tuple[bool, str, Any]:
    result = await tools.client.call_tool(tool, arguments)
    return bool(result.is_error), text_of(result), result.structured_content


def test_every_reading_tool_is_read_here() -> None:
    reading = {path.rpartition(".")[2] for toolset in toolsets(TOOLSETS) for path in toolset.reads}

    assert reading <= {tool for tool, _ in READS}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "arguments"), READS, ids=[f"{tool}-{'-'.join(given)}" for tool, given in READS]
)
async def test_no_odd_answer_to_any_of_its_requests_crashes_a_tool_or_is_taken_for_none(
    tool: str, arguments: dict[str, Any], tools: Tools, everything: OddApi
) -> None:
    is_error, text, usual = await called(tools, tool, arguments)
    assert not is_error, text
    operations = [f"{request.method} {request.url.path}" for request in everything.requests]

    for operation in dict.fromkeys(operations):
        for body in BODIES:
            everything.requests.clear()
            everything.odd = {operations.index(operation): httpx.Response(200, content=body.encode())}
            is_error, text, answer = await called(tools, tool, arguments)
            place = f"{operation} answered {body[:200]}: {text[:500]}"

            assert "Error executing tool" not in text, place
            assert "\ud800" not in text, place
            assert len(text) < 30_000, place
            if not is_error:
                tools.schemas.output_validators[tool].validate(answer)
                is_told = answer.get("rows") or answer.get("log_count")
                assert is_told or answer == usual or [] not in [answer.get(name) for name in LISTS], place


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("null", "answered null where a list under data (null is not an empty list) was expected"),
        ("", "answered null where a list under data (null is not an empty list) was expected"),
        ('"hello"', "answered a text where a list under data was expected"),
        ('{"data": null}', "answered null under data where a list under data (null is not an empty list)"),
        ('{"data": "x"}', "answered a text under data where a list under data was expected"),
        ("{}", "answered an object without data where a list under data was expected"),
        ("[]", "answered a list where a list under data was expected"),
        ('{"data": [{"name": "a"}]}', "answered a list under data without a single usable item"),
        ('{"data": [{"id": "a", "mode": 5}]}', "answered a list under data without a single usable item"),
    ],
)
async def test_a_malformed_list_is_refused_by_the_operation_and_what_came_instead(
    body: str, said: str, tools: Tools, api: ScriptedApi
) -> None:
    api["GET /api/syncs"] = lambda _: httpx.Response(200, content=body.encode())

    text = await tools.refused("list_syncs")

    assert text.startswith(f"GET /api/syncs {said}")
    assert "create nothing on the strength of it" in text


async def test_only_an_empty_list_means_that_there_is_nothing(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/syncs"] = {"data": []}

    assert await tools("list_syncs") == {"items": []}


async def test_an_odd_second_page_is_refused(tools: Tools, api: ScriptedApi) -> None:
    first = {"data": [{"id": "a"}], "pagination": {"next_page_token": "2"}}
    api["GET /api/syncs"] = lambda request: {"data": None} if request.url.params else first

    assert "answered null under data" in await tools.refused("list_syncs")
    assert "answered null under data" in await tools.refused("get_sync", sync_id="a")


async def test_items_that_cannot_be_used_are_counted(tools: Tools, everything: OddApi) -> None:
    listed = everything.answers["GET /api/syncs"]["data"]
    everything["GET /api/syncs"] = {"data": [*listed, {"name": "lost"}, {"id": "b", "schedule": []}]}
    reason = "2 items of GET /api/syncs could not be read (no usable id, or a part of another type)."

    page = await tools("list_syncs")
    overview = await tools("sync_overview")
    unknown = await tools.refused("get_sync", sync_id="lost")

    assert [item["id"] for item in page["items"]] == [everything.SYNC]
    assert page["truncated"] == [{"pointer": "/items", "left_out": 2, "reason": reason}]
    assert overview["unavailable"] == [{"source": "syncs", "reason": reason}]
    assert reason in unknown


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "Plans"}, "answered an object without a usable id"),
        ({"id": ["x"]}, "answered an object without a usable id"),
        ({"id": "x", "relations": {}}, "answered an object under data.relations where a list was expected"),
        (
            {"id": "x", "relations": [{"to": {"field": 5}}]},
            "answered a number under data.relations[0].to.field where a text was expected",
        ),
    ],
)
async def test_an_object_that_cannot_be_used_is_refused(
    data: Any, said: str, tools: Tools, everything: OddApi
) -> None:
    everything[f"GET /api/models/{everything.MODEL}"] = {"data": data}

    assert said in await tools.refused("get_model", model_id="Plans")


@pytest.mark.parametrize(
    ("executions", "said"),
    [
        ([5], "answered a number under data[0] where an object was expected"),
        (
            [{"id": "e", "counts": {"total": "many"}}],
            "answered a text under data[0].counts.total where a number was expected",
        ),
    ],
)
async def test_runs_that_cannot_be_read_are_reported_and_not_counted_as_none(
    executions: Any, said: str, tools: Tools, everything: OddApi
) -> None:
    everything[f"GET /api/syncs/{everything.SYNC}/executions"] = {"data": executions}

    overview = await tools("sync_overview")

    assert overview["items"][0]["state"] == "unknown" or overview["states"]["unknown"] == 1
    assert said in overview["unavailable"][0]["reason"]


async def test_counts_of_another_type_in_a_run_of_a_bulk_sync_are_reported(
    tools: Tools, everything: OddApi
) -> None:
    run = {"id": "e", "status": "completed", "counts": {"total": "many"}}
    everything[f"GET /api/bulk/syncs/{BULK_SYNC}/executions"] = {"data": [run]}

    overview = await tools("sync_overview")

    assert "answered a text under data[0].counts.total" in overview["unavailable"][0]["reason"]


@pytest.mark.parametrize("name", ["", None])
async def test_a_sync_without_a_name_is_listed_by_its_id(
    name: str | None, tools: Tools, everything: OddApi
) -> None:
    everything["GET /api/syncs"] = {"data": [{"id": "nameless", "name": name}]}

    overview = await tools("sync_overview", query="nameless")

    assert [item["name"] for item in overview["items"]] == ["nameless"]


async def test_what_a_diagnosis_cannot_read_is_not_shown_as_none(tools: Tools, everything: OddApi) -> None:
    everything[f"GET /api/syncs/{everything.SYNC}/executions"] = {"data": None}
    everything["GET /api/events"] = {"data": {}}
    for connection in (everything.WAREHOUSE, everything.GONG):
        everything[f"GET /api/connections/{connection}"] = {"data": None}

    diagnosis = await tools("diagnose_sync", **SYNC)

    parts = {"executions", "events", "connections"}
    assert parts.isdisjoint(diagnosis)
    assert parts <= {each["source"] for each in diagnosis["unavailable"]}


async def test_a_key_of_which_a_field_may_be_unreadable_is_not_shown_as_none(
    tools: Tools, everything: OddApi
) -> None:
    fields = [{"name": "id", "is_primary_key": True}, {"id": "note"}]
    path = f"GET /api/connections/{everything.WAREHOUSE}/schemas/{ORDERS}"
    everything[path] = {"data": {"id": ORDERS, "fields": fields}}

    schema = await tools("get_schema", **TABLE)

    assert "primary_key" not in schema
    assert schema["truncated"][0]["left_out"] == 1


async def test_a_sync_whose_models_are_not_all_listed_is_read_for_its_lineage(
    tools: Tools, everything: OddApi
) -> None:
    listed = {"id": everything.SYNC, "name": "Plans to Gong", "model_ids": [None, "other"]}
    everything["GET /api/syncs"] = {"data": [listed]}

    lineage = await tools("trace_lineage", model_id="Plans", field="contact_id")

    assert "Plans to Gong" in [item["name"] for item in lineage["items"]]


@pytest.mark.parametrize(
    ("tool", "sources"),
    [
        ("sync_overview", ("syncs",)),
        ("trace_lineage", ("models", "syncs", "bulk/syncs")),
    ],
)
async def test_where_nothing_is_found_in_only_a_part_that_is_not_the_answer(
    tool: str, sources: tuple[str, ...], tools: Tools, everything: OddApi
) -> None:
    everything["GET /api/bulk/syncs"] = {"data": []}
    for source in sources:
        everything[f"GET /api/{source}"] = {"data": None}

    text = await tools.refused(tool, **({} if tool == "sync_overview" else WAREHOUSE))

    assert "syncs: GET /api/syncs answered null under data" in text


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("start_sync", SYNC, f"/api/syncs/{ScriptedApi.SYNC}/executions"),
        ("run_query", {"query": "SELECT 1", **WAREHOUSE}, f"/api/connections/{ScriptedApi.WAREHOUSE}/query"),
        (
            "create_connection",
            {"name": "n", "type": "snowflake", "configuration": {"account": "a"}},
            "/api/connections",
        ),
        ("invite_user", {"email": "n@x.example"}, "/api/organization/users"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"null", b'"x"', b'{"data": []}', b'{"data": {}}', b'{"data": {"id": 5}}']
)
async def test_after_a_write_an_odd_answer_may_mean_that_it_succeeded(
    body: bytes, tool: str, arguments: dict[str, Any], path: str, tools: Tools, everything: OddApi
) -> None:
    everything[f"POST {path}"] = lambda _: httpx.Response(200, content=body)

    assert "may have succeeded" in await tools.refused(tool, **arguments)


async def test_a_run_without_schemas_does_not_claim_to_have_none(tools: Tools, everything: OddApi) -> None:
    path = next(
        name
        for name in everything.answers
        if name.startswith("GET /api/bulk/syncs/") and "consolelog" in name
    )
    run = path.removesuffix("/consolelog")
    del everything.answers[run]["data"]["schemas"]

    assert "schemas" not in await tools("get_bulk_sync_execution", **BULK)


async def test_rows_may_be_null_only_if_none_are_counted(tools: Tools, everything: OddApi) -> None:
    done = {"status": "done", "fields": ["a"], "results": None}
    everything[f"GET /api/queries/{QUERY}"] = {"data": done | {"count": 0}}
    none = await tools("run_query", query_id=QUERY)
    everything[f"GET /api/queries/{QUERY}"] = {"data": done | {"count": 3}}
    unknown = await tools.refused("run_query", query_id=QUERY)

    assert none["rows"] == []
    assert "answered null under results where a list under results" in unknown


@pytest.mark.parametrize("urls", [[5], [""], ["https://files/"]])
async def test_links_to_log_files_that_are_none_are_refused(
    urls: Any, tools: Tools, everything: OddApi
) -> None:
    run = f"/api/syncs/{everything.SYNC}/executions/{everything.EXECUTION}"
    everything[f"GET {run}/errors"] = {"data": {"urls": urls}}

    text = await tools.refused("get_sync_execution", log="errors", **SYNC)

    assert "answered a list of urls with something else in it" in text


async def test_a_sample_without_nesting_is_a_row_itself(tools: Tools, everything: OddApi) -> None:
    everything[f"GET /api/models/{everything.MODEL}/sample"] = {
        "data": {"records": [{"a": None, "b": {"c": 1}}]}
    }

    assert (await tools("preview_model", model_id="Plans"))["rows"] == [{"a": None, "b": {"c": 1}}]


async def test_a_call_that_no_one_would_make_is_not_suggested(connect: Connect, everything: OddApi) -> None:
    long = {"id": "i" * 50_000, "status": "completed", "errors": ["e" * 50_000]}
    everything[f"GET /api/syncs/{everything.SYNC}/executions/{everything.EXECUTION}"] = {"data": long}
    async with connect() as tools:
        _, text, answer = await called(tools, "get_sync_execution", SYNC)

    assert len(text) < 30_000
    assert all("rest" not in report for report in answer["truncated"])
