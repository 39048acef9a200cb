"""Bulk syncs on the sandbox, referred to only by names: HubSpot to PostgreSQL, Salesforce to Snowflake."""

import json
from typing import Any

import httpx
import pytest

from polytomic_mcp.settings import TOOLSETS
from tests.tools.bulk_syncs.conftest import DAILY
from tests.tools.conftest import Connect, Tools

VERSIONS = ["2025-09-18", "2024-02-08"]
DESTINATIONS = {
    "postgresql": {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "p"},
    "snowflake": {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"},
}
JOURNEYS = [
    ("hubspot", {}, "postgresql", "hubspot"),
    ("salesforce", {"domain": "https://example.my.salesforce.com"}, "snowflake", "salesforce"),
]


async def connect_both(
    tools: Tools, sandbox: Any, source: str, configuration: dict[str, Any], destination: str
) -> None:
    """Connect a source, with a person's consent, and a destination, named after their types."""
    made = await tools("create_connection", name=source, type=source, configuration=configuration)
    async with httpx.AsyncClient(transport=sandbox) as browser:
        await browser.post(made["auth_url"], data={"decision": "allow"})
    await tools(
        "create_connection", name=destination, type=destination, configuration=DESTINATIONS[destination]
    )


@pytest.mark.slow
@pytest.mark.parametrize("api_version", VERSIONS)
@pytest.mark.parametrize(("source", "configuration", "destination", "schema"), JOURNEYS)
async def test_a_bulk_sync_is_created_run_and_updated_by_names_alone(
    source: str,
    configuration: dict[str, Any],
    destination: str,
    schema: str,
    api_version: str,
    open_sandbox: Connect,
    sandbox: Any,
) -> None:
    async with open_sandbox(api_version=api_version, toolsets=TOOLSETS) as tools:
        await connect_both(tools, sandbox, source, configuration, destination)
        offered = (await tools("list_source_schemas", connection_id=source))["items"]
        first, second = offered[0]["id"], offered[1]["id"]
        fields = (await tools("list_source_schemas", connection_id=source, schema_id=first.upper()))["items"]
        await tools(
            "create_bulk_sync",
            name="Copy",
            source_connection_id=source.upper(),
            destination_connection_id=destination,
            destination_configuration={"schema": schema},
            schemas=[{"id": first.upper(), "fields": [field["name"] for field in fields]}],
            mode="replicate",
            schedules=[{"frequency": "continuous"}, DAILY | {"selective_mode": "nonincrementalFields"}],
        )
        run = await tools("start_bulk_sync", bulk_sync_id="copy", wait_seconds=60)
        before = await tools("get_bulk_sync", bulk_sync_id="Copy", schema_id=first)
        changed = await tools("update_bulk_sync", bulk_sync_id="Copy", name="Copies", schemas=[second])
        after = await tools("get_bulk_sync", bulk_sync_id="Copies", schema_id=first)
        again = await tools("start_bulk_sync", bulk_sync_id="Copies", schemas=[second], wait_seconds=60)
        seen = await tools("get_bulk_sync_execution", bulk_sync_id="Copies")
        lacks_log, log = await tools.try_("get_bulk_sync_execution", {"bulk_sync_id": "Copies", "log": True})
        rows = (await tools("list_bulk_syncs"))["items"]

    assert (run["status"], [item["schema_id"] for item in run["schemas"]]) == ("completed", [first])
    assert run["record_count"] > 0
    assert changed["changed"] == {
        "name": {"before": "Copy", "after": "Copies"},
        f"schemas.{second}.enabled": {"before": False, "after": True},
    }
    assert set(after["enabled_schemas"]) == {first, second}
    same = before | {name: after[name] for name in ("name", "updated_at", "enabled_schemas")}
    assert _without_stamps(after) == _without_stamps(same)
    assert (again["status"], [item["schema_id"] for item in again["schemas"]]) == ("completed", [second])
    assert seen["id"] == again["id"]
    assert lacks_log == (api_version == "2024-02-08"), log
    assert "consolelog" in log if lacks_log else log["log"]
    assert [row["name"] for row in rows] == ["Copies"]


async def test_problems_are_reported_before_anything_is_sent_to_the_sandbox(
    open_sandbox: Connect, sandbox: Any
) -> None:
    async with open_sandbox(toolsets=TOOLSETS) as tools:
        await connect_both(tools, sandbox, "hubspot", {}, "postgresql")
        text = await tools.refused(
            "create_bulk_sync",
            name="Copy",
            source_connection_id="hubspot",
            destination_connection_id="postgresql",
            schemas=["contakts"],
            mode="merge",
        )
        page = await tools("list_bulk_syncs")

    assert "destination_configuration.schema is required." in text
    assert "mode: the destination does not support 'merge'." in text
    assert "schemas[0]: Unknown schema 'contakts'. Did you mean 'Contacts'?" in text
    assert page["items"] == []


async def test_the_settings_of_a_destination_are_checked_and_followed(
    open_sandbox: Connect, sandbox: Any
) -> None:
    wrong = {"mirror_schemas": "very", "advanced": {"hard_deletes": "now", "table_prefx": "crm_"}}
    right = {"mirror_schemas": True, "advanced": {"hard_deletes": True, "table_prefix": "crm_"}}
    async with open_sandbox(toolsets=TOOLSETS) as tools:
        await connect_both(tools, sandbox, "hubspot", {}, "postgresql")
        await tools(
            "create_connection", name="snowflake", type="snowflake", configuration=DESTINATIONS["snowflake"]
        )
        ends = {"source_connection_id": "postgresql", "destination_connection_id": "snowflake"}
        text = await tools.refused("create_bulk_sync", name="Copy", **ends, destination_configuration=wrong)
        await tools(
            "create_bulk_sync",
            name="Copy",
            **ends,
            destination_configuration=right,
            schemas=["public.users"],
        )
        run = await tools("start_bulk_sync", bulk_sync_id="Copy", wait_seconds=60)

    assert "destination_configuration.mirror_schemas must be of type boolean." in text
    assert "destination_configuration.advanced: Unknown field 'table_prefx'." in text
    assert "destination_configuration.advanced.hard_deletes must be of type boolean." in text
    assert [each["output_name"] for each in run["schemas"]] == ["crm_users"]
    assert run["status"] == "completed"


def _without_stamps(sync: dict[str, Any]) -> Any:
    """Remove when and by whom a schedule was last written, which every update changes, and the next run."""
    stamps = ("updated_at", "updated_by", "next_run")

    def kept(part: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in part.items() if name not in stamps}

    return json.loads(json.dumps(sync), object_hook=kept)
