"""Resources, as both protocol eras read them."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from mcp import Client, MCPError
from mcp.shared.uri_template import UriTemplate
from mcp.types import TextResourceContents

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.protocol.resources import (
    BULK_SYNC,
    CATALOGUE,
    CONNECTION,
    CONNECTION_TYPE,
    EXECUTION,
    MODEL,
    OPERATION,
    SYNC,
)
from polytomic_mcp.settings import Secret
from tests.conftest import Script

Serve = Callable[..., AbstractAsyncContextManager[Client]]

ID = "11111111-0000-0000-0000-000000000001"
RUN = "44444444-0000-0000-0000-000000000001"
NOT_FOUND = -32602

both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


async def read_text(client: Client, uri: str) -> str:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    return content.text


async def read(client: Client, template: str, **variables: str) -> Any:
    return json.loads(await read_text(client, UriTemplate.parse(template).expand(variables)))


def holds_one_of_each(script: Script) -> None:
    script.holds("connections", {"id": ID, "name": "Up/../down: 1", "type": {"id": "snowflake"}})
    script.holds("models", {"id": ID, "name": "Plans", "fields": [], "configuration": {"query": "SELECT 1"}})
    script.holds("syncs", {"id": ID, "name": "Plans to Gong", "mode": "update"})
    script.holds("bulk/syncs", {"id": ID, "name": "Copy", "mode": "replicate"})
    script[f"GET /api/bulk/syncs/{ID}/schemas"] = {"data": []}
    script[f"GET /api/syncs/{ID}/status"] = {"data": {"last_execution": {"id": RUN}}}
    script[f"GET /api/syncs/{ID}/executions/{RUN}"] = {"data": {"id": RUN, "status": "completed"}}


@both_eras
async def test_every_template_is_listed_with_words(serve: Serve, mode: str) -> None:
    async with serve(mode=mode) as client:
        templates = (await client.list_resource_templates()).resource_templates
        (catalogue,) = (await client.list_resources()).resources

    listed = [CONNECTION, MODEL, SYNC, EXECUTION, BULK_SYNC, CONNECTION_TYPE, OPERATION]
    assert {template.uri_template for template in templates} == {*listed}
    assert all(template.title and template.description for template in templates)
    assert catalogue.uri == CATALOGUE


@both_eras
@pytest.mark.parametrize("reference", [ID, "{name}"])
@pytest.mark.parametrize(
    ("template", "variable", "name"),
    [
        (CONNECTION, "connection_id", "Up/../down: 1"),
        (MODEL, "model_id", "plans"),
        (SYNC, "sync_id", "Plans to Gong"),
        (BULK_SYNC, "bulk_sync_id", "Copy"),
    ],
)
async def test_an_object_is_read_by_its_id_or_name(
    serve: Serve, script: Script, mode: str, reference: str, template: str, variable: str, name: str
) -> None:
    holds_one_of_each(script)

    async with serve(mode=mode) as client:
        seen = await read(client, template, **{variable: reference.format(name=name)})

    assert seen["id"] == ID
    assert seen["name"].casefold() == name.casefold()


@both_eras
@pytest.mark.parametrize("execution", [RUN, "latest"])
async def test_an_execution_is_read_by_its_id_or_as_the_latest(
    serve: Serve, script: Script, mode: str, execution: str
) -> None:
    holds_one_of_each(script)

    async with serve(mode=mode) as client:
        seen = await read(client, EXECUTION, sync_id="Plans to Gong", execution_id=execution)

    assert {"id": RUN, "sync_id": ID, "status": "completed"}.items() <= seen.items()


@both_eras
@pytest.mark.parametrize(
    ("template", "variables", "words"),
    [
        (CONNECTION, {"connection_id": "Wherehouse"}, "Unknown connection 'Wherehouse'"),
        (EXECUTION, {"sync_id": ID, "execution_id": ID}, "GET /api/syncs/{sync_id}/executions/{id}"),
        (EXECUTION, {"sync_id": "Plans to Gong", "execution_id": "latest"}, "has never run"),
        (OPERATION, {"operation": "GET /api/sinks"}, "Did you mean GET /api/syncs"),
        (CONNECTION_TYPE, {"type": "snowflek"}, "Did you mean 'snowflake'"),
        (
            "polytomic://{thing}",
            {"thing": "nothing"},
            "Unknown resource 'polytomic://nothing'. resources/templates/list shows",
        ),
    ],
)
async def test_what_does_not_exist_is_not_found_and_said_in_words(
    serve: Serve,
    script: Script,
    caplog: pytest.LogCaptureFixture,
    mode: str,
    template: str,
    variables: dict[str, str],
    words: str,
) -> None:
    holds_one_of_each(script)
    script[f"GET /api/syncs/{ID}/status"] = {"data": {}}
    script["GET /api/connection_types"] = {"data": [{"id": "snowflake", "name": "Snowflake"}]}

    async with serve(mode=mode) as client:
        with pytest.raises(MCPError) as refused:
            await read(client, template, **variables)

    assert refused.value.error.code == NOT_FOUND
    assert words in refused.value.error.message
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"data": {"id": ID, "active": "perhaps"}}, "does not have the expected shape. active: "),
        ({"data": {"name": "S"}}, "answered an object without a usable id"),
        ("hello", "answered a text where an object under data was expected"),
    ],
)
async def test_an_odd_answer_is_an_error_with_a_sentence(
    answer: Any, said: str, serve: Serve, script: Script
) -> None:
    script[f"GET /api/syncs/{ID}"] = answer

    async with serve() as client:
        with pytest.raises(MCPError, match=said):
            await client.read_resource(f"polytomic://syncs/{ID}")


async def test_a_failure_of_polytomic_keeps_its_words(serve: Serve, script: Script) -> None:
    script["GET /api/connections"] = 403

    async with serve() as client:
        with pytest.raises(MCPError, match="GET /api/connections") as refused:
            await read(client, CONNECTION, connection_id="Warehouse")

    assert refused.value.error.code != NOT_FOUND


@both_eras
async def test_secrets_are_masked(mode: str) -> None:
    app = create_sandbox(key="key")
    settings = Settings(api_key=Secret("key"), api_url="http://sandbox")
    configuration = {"account": "acme", "username": "ada", "password": "hunter-2", "dbname": "ANALYTICS"}

    async with Client(build_server(settings, transport=httpx.ASGITransport(app)), mode=mode) as client:
        arguments = {"name": "Warehouse", "type": "snowflake", "configuration": configuration}
        await client.call_tool("create_connection", arguments)
        seen = await read(client, CONNECTION, connection_id="Warehouse")
        described = await read(client, CONNECTION_TYPE, type="snowflake")
    app.state.workspace.close()

    assert seen["configuration"]["username"] == "ada"
    assert "hunter-2" not in json.dumps(seen)
    assert described["id"] == "snowflake"


async def test_every_operation_comes_back_under_its_own_address(serve: Serve) -> None:
    async with serve() as client:
        listed = await read(client, CATALOGUE)
        read_back = [
            (await read(client, OPERATION, operation=f"{method} {path}"))["id"]
            for path, methods in listed.items()
            for method in methods
        ]

    assert sorted(read_back) == sorted(load_catalogue())


async def test_slashes_of_an_operation_may_be_quoted_too(serve: Serve) -> None:
    async with serve() as client:
        text = await read_text(client, "polytomic://operations/GET%20%2Fapi%2Fsyncs%2F%7Bid%7D")

    described = json.loads(text)
    assert described["arguments"]["required"] == ["id"]


async def test_every_resource_fits_a_context_window(serve: Serve, script: Script, tokenizer: Any) -> None:
    fields = [{"id": str(number), "name": f"field_{number}", "type": "string"} for number in range(3_000)]
    script.holds("models", {"id": ID, "name": "Wide", "fields": fields})

    async with serve() as client:
        texts = [
            await read_text(client, uri)
            for uri in (
                CATALOGUE,
                f"polytomic://models/{ID}",
                "polytomic://operations/PUT%20/api/syncs/%7Bid%7D",
            )
        ]

    assert max(len(tokenizer.encode(text)) for text in texts) < 6_000
    assert json.loads(texts[1])["truncated"]
