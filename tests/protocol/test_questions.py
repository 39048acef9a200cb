"""A question that a call asks is answered at any server with the same API key, also after a restart."""

from typing import Any

import httpx
import pytest

from polytomic_mcp import Settings, build_server
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.settings import Secret
from tests.conftest import Script

KEY = "a-very-secret-key"
SYNC = "33333333-0000-0000-0000-000000000001"
DELETE = f"DELETE /api/syncs/{SYNC}"
INVALID = -32602


@pytest.fixture(autouse=True)
def _sync(script: Script) -> None:
    script.holds("syncs", {"id": SYNC, "name": "Plans"})
    script[DELETE] = {}


def call(script: Script, key: str, **answered: Any) -> dict[str, Any]:
    """Call delete_sync over HTTP in the newer era, at a server that lives for this one request."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
    }
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "delete_sync",
    }
    params = {"name": "delete_sync", "arguments": {"sync_id": "Plans"}, "_meta": meta, **answered}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    server = build_server(Settings(api_key=Secret(key)), transport=script)
    with listening(server.streamable_http_app()) as web:
        return httpx.post(f"{web.url}/mcp", json=body, headers=headers).json()


def yes_to(asked: dict[str, Any]) -> dict[str, Any]:
    """Say yes to each question of a call."""
    answer = {"action": "accept", "content": {"delete": True}}
    answers = dict.fromkeys(asked["inputRequests"], answer)
    return {"inputResponses": answers, "requestState": asked["requestState"]}


def test_a_deletion_asked_for_at_one_server_is_confirmed_at_another(script: Script) -> None:
    asked = call(script, KEY)["result"]

    confirmed = call(script, KEY, **yes_to(asked))["result"]

    assert asked["resultType"] == "input_required"
    assert confirmed["structuredContent"]["deleted"] is True
    assert script.asked.count(DELETE) == 1


def test_a_server_with_another_key_takes_no_such_answer(script: Script) -> None:
    asked = call(script, KEY)["result"]

    refused = call(script, "another-secret-key", **yes_to(asked))

    assert refused["error"]["code"] == INVALID
    assert DELETE not in script.asked
