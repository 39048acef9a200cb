"""The inventory: which tools exist, and what is true of each of them."""

import json
from typing import Any

import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server
from polytomic_mcp.settings import TOOLSETS
from polytomic_mcp.tools.framework.definitions import FOLDER, describe, load_definition
from polytomic_mcp.tools.framework.functions import import_function
from polytomic_mcp.tools.toolsets import toolsets

READS = {
    "connections": [
        "list_connection_types",
        "describe_connection_type",
        "list_connections",
        "get_connection",
        "test_connection",
    ],
    "models": ["list_models", "get_model", "preview_model"],
    "syncs": [
        "list_target_objects",
        "list_target_fields",
        "list_syncs",
        "get_sync",
        "get_sync_execution",
        "diagnose_sync",
        "sync_overview",
        "trace_lineage",
    ],
    "operations": ["get_guide", "find_operations", "read_operation"],
    "queries": [],
    "bulk_syncs": ["list_bulk_syncs", "get_bulk_sync", "list_source_schemas", "get_bulk_sync_execution"],
    "schemas": ["get_schema_status", "get_schema", "read_schema_records"],
    "events": ["list_events", "list_webhooks", "list_webhook_deliveries", "get_error_notifications"],
    "administration": ["get_organization", "list_users", "list_roles", "list_policies"],
}
WRITES = {
    "connections": ["create_connection", "update_connection"],
    "models": ["create_model", "update_model"],
    "syncs": [
        "create_sync",
        "update_sync",
        "start_sync",
        "cancel_sync",
        "set_syncs_active",
        "copy_sync",
    ],
    "operations": [],
    "queries": ["run_query"],
    "bulk_syncs": ["create_bulk_sync", "update_bulk_sync", "start_bulk_sync", "cancel_bulk_sync"],
    "schemas": ["refresh_schemas"],
    "events": ["save_webhook", "set_webhook_active", "set_error_notifications"],
    "administration": [
        "invite_user",
        "update_user",
        "save_role",
        "save_policy",
        "create_temporary_credential",
    ],
}
DESTROYS = {
    "connections": ["delete_connection"],
    "models": ["delete_model"],
    "syncs": ["delete_sync"],
    "operations": ["write_operation"],
    "queries": [],
    "bulk_syncs": ["delete_bulk_sync"],
    "schemas": ["set_schema_fields", "set_primary_keys"],
    "events": ["delete_webhook"],
    "administration": ["create_api_key", "delete_user", "delete_role", "delete_policy"],
}
ALL = [name for toolset in TOOLSETS for name in READS[toolset] + WRITES[toolset] + DESTROYS[toolset]]
# Their names are clear, and the API gives them the same meaning everywhere.
SELF_EXPLANATORY = {
    "active",
    "detail",
    "effect",
    "encryption_passphrase",
    "filter_logic",
    "healthcheck_interval",
    "labels",
    "limit",
    "method",
    "name",
    "offset",
    "only_enrich_updates",
    "organization_id",
    "policies",
    "refresh",
    "skip_initial_backfill",
    "sync_all_records",
    "tracking_columns",
    "validate",
}


async def listed(**settings: Any) -> list[dict[str, Any]]:
    """Return the tools as a client receives them."""
    async with Client(build_server(Settings(**{"toolsets": TOOLSETS, **settings}))) as client:
        tools = (await client.list_tools()).tools
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]


async def test_the_tools_are_in_a_fixed_order_with_unique_names() -> None:
    names = [tool["name"] for tool in await listed()]

    assert names == ALL
    assert len(set(names)) == len(names)


async def test_read_only_shows_the_reading_tools_and_no_other() -> None:
    shown = await listed(access_mode="read-only")

    assert [tool["name"] for tool in shown] == [name for toolset in TOOLSETS for name in READS[toolset]]
    assert all(tool["annotations"]["readOnlyHint"] for tool in shown)


async def test_annotations_say_what_a_tool_may_do() -> None:
    by_name = {tool["name"]: tool["annotations"] for tool in await listed()}

    for names, is_reading, is_destroying in (
        (READS, True, None),
        (WRITES, False, False),
        (DESTROYS, False, True),
    ):
        for name in (name for toolset in TOOLSETS for name in names[toolset]):
            assert by_name[name]["readOnlyHint"] is is_reading
            assert by_name[name].get("destructiveHint") is is_destroying
            assert by_name[name]["openWorldHint"] is True


@pytest.mark.parametrize("toolset", TOOLSETS)
async def test_a_toolset_can_be_chosen_alone(toolset: str) -> None:
    names = [tool["name"] for tool in await listed(toolsets=(toolset,))]

    assert names == READS[toolset] + WRITES[toolset] + DESTROYS[toolset]


def test_each_tool_is_in_one_group_of_one_toolset() -> None:
    paths = [path for toolset in toolsets() for path, _ in toolset.annotated()]

    assert [toolset.name for toolset in toolsets()] == list(TOOLSETS)
    assert len(paths) == len(set(paths)) == len(ALL)


async def test_each_tool_has_a_title_and_a_description_in_whole_sentences() -> None:
    for tool in await listed():
        assert tool["title"] == tool["name"].replace("_", " ").capitalize()
        assert tool["description"].endswith((".", ")"))
        assert "  " not in tool["description"]


async def test_each_parameter_is_described_or_says_itself_what_it_is() -> None:
    silent = {
        f"{tool['name']}.{name}"
        for tool in await listed()
        for name, schema in tool["inputSchema"]["properties"].items()
        if not schema.get("description") and name not in SELF_EXPLANATORY
    }

    assert silent == set()


async def test_every_list_can_be_searched_bounded_paged_and_widened() -> None:
    # Its rows already contain every field.
    whole = {"list_target_fields"}
    for tool in await listed():
        if tool["name"].startswith("list_"):
            wanted = {"query", "limit", "page_token", "fields"}
            missing = wanted - tool["inputSchema"]["properties"].keys()
            assert missing == ({"fields"} if tool["name"] in whole else set()), tool["name"]


@pytest.mark.parametrize("path", [path for toolset in toolsets() for path, _ in toolset.annotated()])
def test_a_tool_is_what_its_definition_says(path: str) -> None:
    annotations = next(dict(each.annotated())[path] for each in toolsets() if path in dict(each.annotated()))

    described = describe(import_function(path), annotations)

    assert described == load_definition(described.name), "scripts/definitions renews it, if that is meant"


async def test_the_listed_tools_are_the_definitions() -> None:
    stored = [json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in ALL]

    assert await listed() == stored


def test_no_definition_is_left_of_a_tool_that_is_gone() -> None:
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted(f"{name}.json" for name in ALL)
