"""Read-only over every tool there is: whatever is called, nothing that writes leaves."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.settings import TOOLSETS, Secret
from polytomic_mcp.tools.toolsets import toolsets

pytestmark = pytest.mark.slow

KEY, URL = "reader", "http://sandbox"
SNOWFLAKE = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
POSTGRESQL = {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "pw"}
QUERY = {"query": "SELECT contact_id FROM salesforce_contacts"}
ENDS = {"source_connection_id": "Warehouse", "destination_connection_id": "App"}
GONG = {"auth_method": "token", "access_key": "ak", "access_secret": "as"}
FLOW = "my-gong-engage-flow"
SOURCE = {"field": "contact_id", "model_id": "Contacts"}
FULL: list[tuple[str, dict[str, Any]]] = [
    ("create_connection", {"name": "Warehouse", "type": "snowflake", "configuration": SNOWFLAKE}),
    ("create_connection", {"name": "App", "type": "postgresql", "configuration": POSTGRESQL}),
    ("create_connection", {"name": "Engage", "type": "gong", "configuration": GONG}),
    ("create_model", {"name": "Contacts", "connection_id": "Warehouse", "configuration": QUERY}),
    (
        "create_sync",
        {
            "name": "Sync",
            "mode": "updateOrCreate",
            "identity": {"source": SOURCE, "target": "Id", "function": "Equality"},
            "target": {"connection_id": "Engage", "object": FLOW},
        },
    ),
    ("start_sync", {"sync_id": "Sync", "wait_seconds": 60}),
    ("create_bulk_sync", {"name": "Copy", **ENDS, "destination_configuration": {"schema": "copy"}}),
    ("start_bulk_sync", {"bulk_sync_id": "Copy", "wait_seconds": 60}),
    ("save_webhook", {"endpoint": "https://hooks.acme.example/p", "secret": "s3cr3t"}),
]
SCHEMA = {"connection_id": "Warehouse", "schema_id": "public.users"}
CALLS: dict[str, dict[str, Any]] = {
    "describe_connection_type": {"type": "snowflake"},
    "diagnose_sync": {"sync_id": "Sync"},
    "find_operations": {"query": "delete a sync"},
    "get_bulk_sync": {"bulk_sync_id": "Copy"},
    "get_bulk_sync_execution": {"bulk_sync_id": "Copy", "log": True},
    "get_connection": {"connection_id": "Warehouse"},
    "get_error_notifications": {},
    "get_model": {"model_id": "Contacts"},
    "get_organization": {},
    "get_schema": SCHEMA,
    "get_schema_status": {"connection_id": "Warehouse"},
    "get_sync": {"sync_id": "Sync"},
    "get_guide": {"topic": "why did it fail"},
    "get_sync_execution": {"sync_id": "Sync", "log": "errors"},
    "list_bulk_syncs": {},
    "list_connection_types": {},
    "list_connections": {},
    "list_events": {},
    "list_models": {},
    "list_policies": {},
    "list_roles": {},
    "list_source_schemas": {"connection_id": "Warehouse"},
    "list_syncs": {},
    "list_target_fields": {"connection_id": "Engage", "target": FLOW},
    "list_target_objects": {"connection_id": "Engage"},
    "list_users": {},
    "list_webhook_deliveries": {},
    "list_webhooks": {},
    "preview_model": {"connection_id": "Warehouse", "configuration": QUERY},
    "read_operation": {"operation": "GET /api/me"},
    "read_schema_records": SCHEMA,
    "sync_overview": {},
    "test_connection": {"connection_id": "Warehouse"},
    "trace_lineage": {"connection_id": "Warehouse"},
}
"""Every tool that read-only shows, with arguments that suit the company."""


@dataclass
class Recorded(httpx.AsyncBaseTransport):
    """The way into the sandbox, which writes down what leaves and whether that writes."""

    inner: httpx.AsyncBaseTransport
    sent: list[str] = field(default_factory=list[str])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(f"{request.method} {request.url.path}")
        return await self.inner.handle_async_request(request)

    def written(self) -> list[str]:
        """Return the requests that do more than read, as the catalogue knows it; log files are read too."""
        reads = [operation.id for operation in load_catalogue().values() if operation.effect == "read"]
        reads.append("GET /sandbox/logs/{execution_id}/{type}/{part}")
        known = [re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(id_))) for id_ in reads]
        return [request for request in self.sent if not any(id_.fullmatch(request) for id_ in known)]


@pytest.fixture
def sandbox() -> Iterator[httpx.ASGITransport]:
    app = create_sandbox(key=KEY)
    yield httpx.ASGITransport(app)
    app.state.workspace.close()


@pytest.fixture
def recorded(sandbox: httpx.ASGITransport) -> Recorded:
    return Recorded(sandbox)


@pytest.fixture
async def company(sandbox: httpx.ASGITransport) -> None:
    """One of each kind, made and run by a server that may write."""
    settings = Settings(api_key=Secret(KEY), api_url=URL, toolsets=TOOLSETS)
    async with Client(build_server(settings, transport=sandbox)) as client:
        for tool, arguments in FULL:
            made = await client.call_tool(tool, arguments)
            assert not made.is_error, (tool, made.content)


@pytest.fixture
async def reader(recorded: Recorded) -> AsyncIterator[Client]:
    settings = Settings(api_key=Secret(KEY), api_url=URL, toolsets=TOOLSETS, access_mode="read-only")
    async with Client(build_server(settings, transport=recorded)) as client:
        yield client


@pytest.mark.usefixtures("company")
async def test_every_tool_that_is_shown_works_and_nothing_that_writes_leaves(
    reader: Client, recorded: Recorded
) -> None:
    shown = {tool.name: tool.annotations for tool in (await reader.list_tools()).tools}
    answers = {tool: await reader.call_tool(tool, arguments) for tool, arguments in CALLS.items()}

    assert shown.keys() == CALLS.keys()
    assert all(hints and hints.read_only_hint for hints in shown.values())
    assert {tool: answer.content for tool, answer in answers.items() if answer.is_error} == {}
    assert len(recorded.sent) >= len(CALLS) - 1
    assert recorded.written() == []


async def test_a_tool_that_is_not_shown_is_refused_and_sends_nothing(
    reader: Client, recorded: Recorded
) -> None:
    hidden = {name for toolset in toolsets() for name in toolset.names()} - CALLS.keys()
    answers = [await reader.call_tool(name, {"sync_id": "Sync"}) for name in sorted(hidden)]

    assert {"create_sync", "run_query", "write_operation", "delete_user"} <= hidden
    assert all(answer.is_error for answer in answers)
    assert recorded.sent == []


async def test_read_operation_refuses_every_operation_that_does_not_only_read(
    reader: Client, recorded: Recorded
) -> None:
    writes = [operation for operation in load_catalogue().values() if operation.effect != "read"]
    answers = [await reader.call_tool("read_operation", {"operation": each.id}) for each in writes]

    assert len(writes) > 80
    assert all(answer.is_error for answer in answers)
    assert recorded.sent == []
