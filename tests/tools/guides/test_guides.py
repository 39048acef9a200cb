"""The tool that returns a guide: steps that a model can carry out with the tools it is shown."""

import json
from typing import Any

import jsonschema
import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server
from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.guides import load_guide_index
from polytomic_mcp.settings import TOOLSETS, Secret
from polytomic_mcp.tools.toolsets import shown_tools
from tests.tools.conftest import KEY, Tools

MOST_TOKENS = 1_500
BOTH = pytest.mark.parametrize("toolsets", [None, TOOLSETS], ids=["default", "all"])


@pytest.fixture(scope="module")
def schemas_of_all() -> dict[str, Any]:
    return {tool.name: tool.parameters for _, tool in shown_tools(Settings(toolsets=TOOLSETS))}


async def guide(topic: str, **settings: Any) -> dict[str, Any]:
    """Return what a server answers that shows these toolsets."""
    async with Client(build_server(Settings(api_key=Secret(KEY), **settings))) as client:
        return (await client.call_tool("get_guide", {"topic": topic})).structured_content or {}


async def test_a_topic_in_plain_words_returns_the_steps_of_its_guide(tools: Tools) -> None:
    found = await tools("get_guide", topic="send rows to a webhook")

    calls = {step["tool"]: step.get("arguments") for step in found["steps"] if "tool" in step}
    assert found["name"] == "sync_snowflake_to_webhook"
    assert list(calls)[-3:] == ["create_sync", "start_sync", "get_sync_execution"]
    assert any("the target of every field is record" in step["do"] for step in found["steps"])
    assert {"name": "sync_gcs_to_webhook", "title": "Send a Cloud Storage file to a webhook"} in found[
        "others"
    ]


async def test_what_only_the_person_knows_is_asked_for_and_marked(tools: Tools) -> None:
    found = await tools("get_guide", topic="why_did_this_sync_fail")

    assert found["ask"] == {"sync_id": "Name of the sync"}
    assert found["steps"][0]["arguments"] == {"sync_id": "<sync_id>"}
    assert "ask the person" in found["rules"]


async def test_a_topic_without_a_guide_lists_all(tools: Tools) -> None:
    found = await tools("get_guide", topic="pizza recipe")

    assert [each["name"] for each in found["others"]] == load_guide_index().names
    assert "No guide is about this" in found["note"]
    assert "steps" not in found


@pytest.mark.parametrize("name", load_guide_index().names)
async def test_every_step_is_a_call_that_its_tool_takes(
    tools: Tools, schemas_of_all: dict[str, Any], name: str
) -> None:
    for step in (await tools("get_guide", topic=name))["steps"]:
        if "arguments" in step:
            jsonschema.validate(step["arguments"], schemas_of_all[step["tool"]])


@BOTH
async def test_in_place_of_a_hidden_tool_the_operation_behind_it_is_called(toolsets: Any) -> None:
    settings = {"toolsets": toolsets} if toolsets else {}

    found = await guide("copy hubspot into postgresql", **settings)

    assert found["name"] == "bulk_sync_hubspot_to_postgresql"
    calls = [(step["tool"], step.get("arguments", {})) for step in found["steps"] if "tool" in step]
    created = [arguments for tool, arguments in calls if arguments.get("operation") == "POST /api/bulk/syncs"]
    assert "note" not in found
    assert ("create_bulk_sync" in dict(calls)) == bool(toolsets)
    assert len(created) == (0 if toolsets else 1)
    for each in created:
        assert each["arguments"]["source_connection_id"] == "<id of HubSpot>"
        assert "dry_run" not in each["arguments"]


@pytest.mark.parametrize("name", load_guide_index().names)
async def test_every_step_by_the_default_tools_is_a_call_of_a_tool_that_is_shown(
    schemas_of_all: dict[str, Any], name: str
) -> None:
    shown = {tool.name for _, tool in shown_tools(Settings())}
    found = await guide(name)

    for step in found["steps"]:
        assert step.get("tool") in {None, *shown} or step["tool"] in found["note"]
        if "operation" in step.get("arguments", {}):
            operation = load_catalogue().find(step["arguments"]["operation"])
            assert (step["tool"] == "read_operation") == (operation.effect == "read")
            assert operation.bind(step["arguments"].get("arguments", {}))
        if "arguments" in step:
            jsonschema.validate(step["arguments"], schemas_of_all[step["tool"]])


async def test_what_no_single_operation_does_is_said_to_be_hidden_with_the_way_around() -> None:
    found = await guide("migrate_bulk_schedules")

    assert "This server hides update_bulk_sync. POLYTOMIC_TOOLSETS shows more toolsets" in found["note"]
    assert "find_operations" in found["note"]


async def test_where_only_reading_is_allowed_the_writing_steps_are_said_to_be_hidden() -> None:
    found = await guide("send rows to a webhook", access_mode="read-only")

    assert "This server hides create_connection, create_model, create_sync, start_sync." in found["note"]
    assert "POLYTOMIC_ACCESS_MODE=full-access" in found["note"]


async def test_where_no_operation_may_write_the_reading_steps_alone_are_replaced() -> None:
    found = await guide("copy hubspot into postgresql", access_mode="read-only")

    tools = [step["tool"] for step in found["steps"] if "tool" in step]
    assert "read_operation" in tools
    assert "create_bulk_sync, start_bulk_sync" in found["note"]


async def test_a_guide_leaves_room_in_a_models_context(tools: Tools, tokenizer: Any) -> None:
    costs = {
        name: len(tokenizer.encode(json.dumps(await tools("get_guide", topic=name), separators=(",", ":"))))
        for name in load_guide_index().names
    }

    assert max(costs.values()) <= MOST_TOKENS, costs
