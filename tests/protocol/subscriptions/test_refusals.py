"""What cannot be followed, and how many executions can."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.client._memory import InMemoryTransport
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest

from polytomic_mcp import Settings, build_server
from polytomic_mcp.protocol.subscriptions import MOST_FOLLOWED
from polytomic_mcp.settings import Secret
from tests.conftest import Script

Serve = Callable[..., AbstractAsyncContextManager[Client]]

SYNC = "33333333-0000-0000-0000-000000000001"
RUN = "44444444-0000-0000-0000-000000000001"
URI = f"polytomic://syncs/{SYNC}/executions/{RUN}"
LATEST = "polytomic://syncs/Plans/executions/latest"

pytestmark = pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed")  # newer clients listen


async def listen(client: Client, *uris: str) -> None:
    async with client.listen(resource_subscriptions=[*uris]):
        pass


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        (f"polytomic://syncs/{SYNC}", "Only executions of syncs can be followed"),
        ("polytomic://syncs/Plains/executions/latest", "Did you mean 'Plans'?"),
        (f"polytomic://syncs/{SYNC}/executions/{SYNC}", "GET /api/syncs/{sync_id}/executions/{id}"),
    ],
)
async def test_what_cannot_be_followed_is_refused_in_words(
    serve: Serve, script: Script, uri: str, words: str
) -> None:
    script.holds("syncs", {"id": SYNC, "name": "Plans"})

    async with serve(mode="legacy") as client:
        with pytest.raises(MCPError) as refused:
            await client.subscribe_resource(uri)

    assert words in refused.value.error.message


async def test_an_execution_that_is_over_makes_room_for_another(serve: Serve, script: Script) -> None:
    script.holds("syncs", {"id": SYNC, "name": "Plans"})

    async with serve(mode="legacy") as client:
        for number in range(MOST_FOLLOWED + 1):
            run = {"id": str(number), "status": "completed"}
            script[f"GET /api/syncs/{SYNC}/executions/{number}"] = {"data": run}
            await client.subscribe_resource(f"polytomic://syncs/{SYNC}/executions/{number}")

    assert script.asked[-1] == f"GET /api/syncs/{SYNC}/executions/{MOST_FOLLOWED}"


async def test_a_stream_on_what_cannot_be_read_is_refused_in_words(serve: Serve, script: Script) -> None:
    script["GET /api/syncs"] = 403

    async with serve() as client:
        with pytest.raises(MCPError, match="GET /api/syncs"):
            await listen(client, LATEST)


async def test_an_odd_answer_about_an_execution_is_refused_in_words(serve: Serve, script: Script) -> None:
    script.holds("syncs", {"id": SYNC, "name": "Plans"})
    script[f"GET /api/syncs/{SYNC}/executions/odd"] = {"data": {"id": "odd"}}

    async with serve(mode="legacy") as client:
        with pytest.raises(MCPError, match=r"does not have the expected shape\. status: "):
            await client.subscribe_resource(f"polytomic://syncs/{SYNC}/executions/odd")


async def test_who_never_initialized_cannot_be_told(script: Script) -> None:
    server = build_server(Settings(api_key=Secret("key")), transport=script)
    initialize = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "c", "version": "1"},
    }

    async with InMemoryTransport(server) as (answers, requests):

        async def ask(id_: int, method: str, **params: Any) -> Any:
            request = JSONRPCRequest(jsonrpc="2.0", id=id_, method=method, params=params)
            await requests.send(SessionMessage(request))
            answer = await answers.receive()
            assert isinstance(answer, SessionMessage)
            return answer.message

        await ask(1, "initialize", **initialize)
        refused = await ask(2, "resources/subscribe", uri=URI)
        ignored = await ask(3, "resources/unsubscribe", uri=URI)

    assert "requires an initialized session" in refused.error.message
    assert ignored.result == {}


async def test_there_is_a_limit_to_what_one_client_follows(serve: Serve, script: Script) -> None:
    script.holds("syncs", {"id": SYNC, "name": "Plans"})
    uris = [f"polytomic://syncs/{SYNC}/executions/{number}" for number in range(MOST_FOLLOWED + 1)]
    for number in range(MOST_FOLLOWED + 1):
        run = {"id": str(number), "status": "running"}
        script[f"GET /api/syncs/{SYNC}/executions/{number}"] = {"data": run}

    async with serve(mode="legacy") as client:
        for uri in uris[:-1]:
            await client.subscribe_resource(uri)
        with pytest.raises(MCPError, match="At most 20 executions"):
            await client.subscribe_resource(uris[-1])
    async with serve() as client:
        with pytest.raises(MCPError, match="At most 20 executions"):
            await listen(client, *uris)
