"""Tasks over HTTP: the routing header, the opt-in of a single request, and two servers with one key."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from polytomic_mcp.cli.shared.web import listening
from tests.protocol.tasks.conftest import Api, Connect

MISMATCH = -32020
TASKS = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
Post = Callable[..., httpx.Response]


@pytest.fixture
def url(serve: Any) -> Iterator[str]:
    with listening(serve().streamable_http_app()) as server:
        yield f"{server.url}/mcp"


@pytest.fixture
def post(url: str) -> Post:
    """Send one request of the newer era, with the headers and capabilities that a test wants."""

    def posted(
        method: str, params: dict[str, Any], name: str | None, capabilities: Any = TASKS
    ) -> httpx.Response:
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        }
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": method,
        }
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params | {"_meta": meta}}
        return httpx.post(url, json=body, headers=headers | ({"Mcp-Name": name} if name else {}))

    return posted


def start(post: Post, api: Api, capabilities: Any = TASKS) -> dict[str, Any]:
    api.runs("completed")
    params = {"name": "start_sync", "arguments": {"sync_id": api.SYNC}}
    return post("tools/call", params, "start_sync", capabilities).json()["result"]


def test_the_opt_in_counts_request_by_request(post: Post, api: Api) -> None:
    with_tasks = start(post, api)
    without = start(post, api, {})

    assert with_tasks["resultType"] == "task"
    assert (without["resultType"], without["structuredContent"]["status"]) == ("complete", "completed")


@pytest.mark.parametrize("method", ["tasks/get", "tasks/cancel", "tasks/update"])
@pytest.mark.parametrize("name", ["another", None])
def test_a_header_that_names_no_or_another_task_is_refused(
    method: str, name: str | None, post: Post, api: Api
) -> None:
    task_id = start(post, api)["taskId"]
    params = {"taskId": task_id, "inputResponses": {}}

    refused = post(method, params, name)
    accepted = post(method, params, task_id)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, MISMATCH)
    assert (accepted.status_code, accepted.json()["result"]["resultType"]) == (200, "complete")


async def test_two_servers_with_one_key_answer_each_others_tasks(
    url: str, api: Api, serve: Any, connect: Connect
) -> None:
    api.runs("running")
    with listening(serve().streamable_http_app()) as replica:
        async with connect(url) as one, connect(f"{replica.url}/mcp") as two:
            task_id = await one.begin()
            api.runs("completed")

            task = await two.ask("get", task_id)

    assert task["status"] == "completed"
    assert task["result"]["structuredContent"]["id"] == api.RUN
