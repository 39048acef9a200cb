"""Read-only means it: writing tools are not there, and the client refuses by itself."""

from dataclasses import replace
from typing import Any

import pytest
from mcp import Client

from polytomic_mcp import AccessDeniedError, Polytomic, Settings, build_server

pytestmark = pytest.mark.slow

SNOWFLAKE = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}


@pytest.fixture
def read_only(settings: Settings) -> Settings:
    return replace(settings, access_mode="read-only")


async def test_a_reader_sees_what_a_writer_made_and_cannot_touch_it(
    settings: Settings, read_only: Settings
) -> None:
    made = {"name": "Snowflake", "type": "snowflake", "configuration": SNOWFLAKE}
    async with Client(build_server(settings)) as writer, Client(build_server(read_only)) as reader:
        await writer.call_tool("create_connection", made)
        tools = {tool.name for tool in (await reader.list_tools()).tools}
        refused = [
            await reader.call_tool("create_connection", made | {"name": "Second"}),
            await reader.call_tool(
                "delete_connection", {"connection_id": "Snowflake", "confirm_name": "Snowflake"}
            ),
        ]
        listed = (await reader.call_tool("list_connections", {})).structured_content or {}
        configuration = {"query": "SELECT contact_id FROM salesforce_contacts"}
        preview = await reader.call_tool(
            "preview_model", {"connection_id": "Snowflake", "configuration": configuration}
        )

    assert not {
        name for name in tools if name.startswith(("create_", "update_", "delete_", "start_", "cancel_"))
    }
    assert all(answer.is_error for answer in refused)
    assert [item["name"] for item in listed["items"]] == ["Snowflake"]
    assert not preview.is_error


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("POST /api/connections", {"name": "x", "type": "snowflake", "configuration": SNOWFLAKE}),
        ("DELETE /api/connections/{id}", {"id": "x"}),
        ("POST /api/syncs/{id}/executions", {"id": "x"}),
    ],
)
async def test_the_client_refuses_a_write_that_is_asked_of_it_directly(
    read_only: Settings, operation: str, arguments: dict[str, Any]
) -> None:
    async with Polytomic.from_settings(read_only) as api:
        with pytest.raises(AccessDeniedError) as refused:
            await api.call(operation, **arguments)
        connections = await api.call("GET /api/connections")

    assert operation in str(refused.value)
    assert "POLYTOMIC_ACCESS_MODE" in str(refused.value)
    assert connections["data"] == []
