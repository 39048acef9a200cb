"""What every tool does: refusals with advice, results that match their schema, nothing on stderr."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from mcp.types import ToolAnnotations

from polytomic_mcp import Settings
from polytomic_mcp.client import Polytomic
from polytomic_mcp.settings import Secret
from polytomic_mcp.tools.answers.results import Page
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.framework.definitions import describe
from polytomic_mcp.tools.framework.tool import PolytomicTool
from tests.tools.conftest import Connect, Schemas, ScriptedApi, Tools

# For every tool that calls the API, a call that reaches it; none of them is refused earlier.
CALLS: dict[str, dict[str, Any]] = {
    "list_connection_types": {},
    "describe_connection_type": {"type": "snowflake"},
    "list_connections": {},
    "get_connection": {"connection_id": "Warehouse"},
    "test_connection": {"type": "snowflake", "configuration": {}},
    "create_connection": {"name": "W", "type": "snowflake", "configuration": {}},
    "update_connection": {"connection_id": "Warehouse", "name": "W"},
    "delete_connection": {"connection_id": "Warehouse", "confirm_name": "Warehouse"},
    "list_models": {},
    "get_model": {"model_id": "Plans"},
    "preview_model": {"model_id": "Plans"},
    "create_model": {"name": "M", "connection_id": "Warehouse", "configuration": {"query": "SELECT 1"}},
    "update_model": {"model_id": "Plans", "name": "M"},
    "delete_model": {"model_id": "Plans", "confirm_name": "Plans"},
    "list_target_objects": {"connection_id": "Gong"},
    "list_target_fields": {"connection_id": "Gong", "target": "Winter flow"},
    "list_syncs": {},
    "get_sync": {"sync_id": "Plans to Gong"},
    "get_sync_execution": {"sync_id": "Plans to Gong"},
    "create_sync": {
        "name": "S",
        "mode": "updateOrCreate",
        "target": {"connection_id": "Gong", "object": "Winter flow"},
        "identity": {"source": {"model_id": "Plans", "field": "contact_id"}, "target": "Id"},
    },
    "update_sync": {"sync_id": "Plans to Gong", "name": "S"},
    "start_sync": {"sync_id": "Plans to Gong"},
    "cancel_sync": {"sync_id": "Plans to Gong"},
    "delete_sync": {"sync_id": "Plans to Gong", "confirm_name": "Plans to Gong"},
    "diagnose_sync": {"sync_id": "Plans to Gong"},
    "sync_overview": {},
    "trace_lineage": {"connection_id": "Warehouse"},
    "read_operation": {"operation": "GET /api/me"},
    "write_operation": {"operation": "POST /api/syncs/{id}/cancel", "arguments": {"id": "x"}},
    "run_query": {"connection_id": "Warehouse", "query": "SELECT 1"},
    "list_bulk_syncs": {},
    "get_bulk_sync": {"bulk_sync_id": "Copy"},
    "list_source_schemas": {"connection_id": "Warehouse"},
    "get_bulk_sync_execution": {"bulk_sync_id": "Copy"},
    "create_bulk_sync": {
        "name": "B",
        "source_connection_id": "Gong",
        "destination_connection_id": "Warehouse",
    },
    "update_bulk_sync": {"bulk_sync_id": "Copy", "name": "B"},
    "start_bulk_sync": {"bulk_sync_id": "Copy"},
    "cancel_bulk_sync": {"bulk_sync_id": "Copy"},
    "delete_bulk_sync": {"bulk_sync_id": "Copy", "confirm_name": "Copy"},
    "get_schema_status": {"connection_id": "Warehouse"},
    "get_schema": {"connection_id": "Warehouse", "schema_id": "public.people"},
    "read_schema_records": {"connection_id": "Warehouse", "schema_id": "public.people"},
    "refresh_schemas": {"connection_id": "Warehouse"},
    "set_schema_fields": {"connection_id": "Warehouse", "schema_id": "public.people", "remove": ["x"]},
    "set_primary_keys": {"connection_id": "Warehouse", "schema_id": "public.people", "fields": ["id"]},
    "list_events": {},
    "list_webhooks": {},
    "list_webhook_deliveries": {},
    "get_error_notifications": {},
    "save_webhook": {"endpoint": "https://hooks.example", "secret": "s"},
    "set_webhook_active": {"active": True},
    "set_error_notifications": {"subscribers": ["ada@example.com"]},
    "delete_webhook": {"confirm_name": "https://hooks.example"},
    "get_organization": {},
    "list_users": {},
    "list_roles": {},
    "list_policies": {},
    "invite_user": {"email": "ada@example.com"},
    "update_user": {"user_id": "ada@example.com", "email": "ada@example.org"},
    "save_role": {"name": "Readers"},
    "save_policy": {"name": "Careful", "actions": {"delete": ["Admin"]}},
    "create_temporary_credential": {},
    "create_api_key": {"user_id": "ada@example.com"},
    "delete_user": {"user_id": "ada@example.com", "confirm_name": "ada@example.com"},
    "delete_role": {"role_id": "Readers", "confirm_name": "Readers"},
    "delete_policy": {"policy_id": "Careful", "confirm_name": "Careful"},
}

ANSWERS: dict[str, tuple[Any, str]] = {
    "unreachable": (httpx.ConnectError("no route"), "Check POLYTOMIC_API_URL and the network"),
    "dropped": (httpx.ReadError("reset"), "broke before the answer was complete"),
    "silent": (httpx.ReadTimeout("slow"), "stopped responding"),
    "400": (httpx.Response(400, json={"message": "bad field"}), "bad field. Correct the problem"),
    "401": (httpx.Response(401, json={"error": "who are you"}), "Check POLYTOMIC_API_KEY"),
    "403": (httpx.Response(403, json={"message": "no"}), "does not have the permission"),
    "404": (httpx.Response(404, json={"message": "gone"}), "Check the ids"),
    "409": (httpx.Response(409, json={"message": "already running"}), "Read the object's state"),
    "422": (httpx.Response(422, json={"key": "bad", "message": "no"}), "(bad) no. Correct the problem"),
    "429": (httpx.Response(429, headers={"Retry-After": "7"}, json={}), "call again in 7 s"),
    "500": (httpx.Response(500, json={"message": "oops"}), "call again in a minute"),
    "html": (httpx.Response(200, html="<html>hello</html>"), "Check POLYTOMIC_API_URL"),
    "proxy": (httpx.Response(502, html="<html>bad gateway</html>"), "so a proxy sent it"),
}
ODD: dict[str, Any] = {
    "nothing": httpx.Response(200),
    "null": None,
    "list": [1, None, "x"],
    "empty": {},
    "no data": {"data": None},
    "list for object": {"data": [None, {}, {"id": 3}, {"id": "x", "name": None}]},
    "object for list": {"data": {"id": 7, "name": [], "counts": {"insert": None}, "fields": 3, "type": []}},
    "odd parts": {"data": {"id": "x", "errors": [{}], "status": None, "modes": "x", "configuration": []}},
}


def test_every_tool_has_a_call(schemas: Schemas) -> None:
    assert CALLS.keys() == schemas.outputs.keys() - {"find_operations"}  # which reads the catalogue


async def test_without_a_key_every_tool_says_what_to_set(connect: Connect, api: ScriptedApi) -> None:
    async with connect(settings=Settings()) as tools:
        texts = [await tools.refused(tool, **arguments) for tool, arguments in CALLS.items()]

    assert all("POLYTOMIC_API_KEY" in text and "--sandbox" in text for text in texts)
    assert api.requests == []


@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_api_failure_is_reported_with_what_to_do_next(
    answer: str, tools: Tools, api: ScriptedApi
) -> None:
    outcome, advice = ANSWERS[answer]
    api.otherwise = outcome
    is_verdict = answer in ("400", "422")

    told = {tool: await tools.try_(tool, arguments) for tool, arguments in CALLS.items()}

    if is_verdict:  # what test_connection is asked for is whether it works, and it does not
        assert told.pop("test_connection")[1]["ok"] is False
    assert {tool: text for tool, (is_error, text) in told.items() if not is_error or advice not in text} == {}


@pytest.mark.parametrize("answer", ODD)
async def test_an_unexpected_answer_of_the_api_does_not_crash(
    answer: str, tools: Tools, company: ScriptedApi
) -> None:
    company.answers = {asked: told for asked, told in company.answers.items() if asked.startswith("GET")}
    company.otherwise = ODD[answer]

    told = {tool: await tools.try_(tool, arguments) for tool, arguments in CALLS.items()}

    assert told.keys() == CALLS.keys()  # and none of them a crash, which ``try_`` sees


@pytest.mark.parametrize("answer", ODD)
async def test_an_api_with_only_unexpected_answers_does_not_crash(
    answer: str, tools: Tools, api: ScriptedApi
) -> None:
    api.otherwise = ODD[answer]

    told = {tool: await tools.try_(tool, arguments) for tool, arguments in CALLS.items()}

    assert told.keys() == CALLS.keys()


async def test_a_refusal_does_not_repeat_the_key(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/connections"] = httpx.Response(401, json={"message": "a-very-secret-key is not known"})

    text = await tools.refused("list_connections")

    assert "a-very-secret-key" not in text
    assert "is not known" in text


async def test_an_unknown_argument_is_refused_with_the_nearest_one(tools: Tools, api: ScriptedApi) -> None:
    text = await tools.refused("create_model", conection_id="x", zzz=1)

    assert "Unknown argument 'conection_id'. Did you mean 'connection_id'?" in text
    assert "Unknown argument 'zzz'." in text
    assert "Valid arguments: name, connection_id" in text
    assert api.requests == []


async def test_an_invalid_argument_is_named_without_its_value(tools: Tools) -> None:
    text = await tools.refused(
        "create_connection", name=["hunter2"], type="snowflake", configuration="hunter2"
    )

    assert text.startswith("create_connection: Invalid arguments. ")
    assert "name: " in text
    assert "configuration: " in text
    assert "hunter2" not in text


async def test_an_answer_of_an_unexpected_shape_is_not_blamed_on_the_arguments(
    tools: Tools, company: ScriptedApi
) -> None:
    company["POST /api/models"] = {"data": {"id": 7}}

    text = await tools.refused("create_model", **CALLS["create_model"])

    assert "Polytomic's answer does not have the expected shape. id: " in text
    assert "read the object's state" in text


async def test_an_unexpected_crash_hides_its_details() -> None:
    async def look_up(name: str) -> Page:
        """Crash."""
        raise KeyError(f"secret of {name}")

    tool = PolytomicTool.of(describe(look_up, ToolAnnotations()), lambda: look_up)
    request: Any = SimpleNamespace(lifespan_context=Caller(Polytomic("k")))

    with pytest.raises(UnexpectedToolError) as crash:
        await tool.run({"name": "x"}, Context(request_context=request))

    assert str(crash.value) == "Error executing tool look_up"


async def test_the_client_enforces_read_only_too(connect: Connect, company: ScriptedApi) -> None:
    company["POST /api/connections/test"] = httpx.Response(200)
    company["POST /api/model-preview"] = {"data": {"id": "m", "fields": [{"name": "a"}]}}
    settings = Settings(api_key=Secret("k"), access_mode="read-only")

    async with connect(settings=settings) as tools:
        health = await tools("test_connection", connection_id="Warehouse")
        preview = await tools("preview_model", connection_id="Warehouse", configuration={"query": "SELECT 1"})
        listed = await tools.client.list_tools()

    assert health == {"ok": True}
    assert preview == {"fields": [{"name": "a"}]}
    assert {tool.annotations and tool.annotations.read_only_hint for tool in listed.tools} == {True}
