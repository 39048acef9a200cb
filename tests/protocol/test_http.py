"""The server over HTTP: every body that asks something is answered."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from polytomic_mcp import Settings, build_server
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.protocol.http import ReadableBodies

REFUSED = [
    (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 1.5, -32600, "The id of a request must be"),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, -32600, "The id of a request must be"),
    (b'{"jsonrpc":"2.0","id":7,"method":"x","params":{"x":"Caf\xe9"}}', 7, -32700, "is not valid UTF-8"),
    (b'{"id":"a","method":"ping"}', "a", -32600, "is not JSON-RPC 2.0"),
    (b"{", None, -32700, "could not be parsed"),
]
PASSED = [b'{"jsonrpc":"2.0","id":1,"method":"ping"}', b"", b'{"jsonrpc":"2.0","method":"notifications/x"}']


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a server."""
    with listening(build_server(Settings()).streamable_http_app()) as server:
        yield f"{server.url}/mcp"


@pytest.mark.parametrize(("body", "id_", "code", "text"), REFUSED)
def test_a_body_that_is_no_message_is_refused_under_its_id(
    url: str, body: bytes, id_: Any, code: int, text: str
) -> None:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}

    answer = httpx.post(url, content=body, headers=headers, trust_env=False)

    refusal = answer.json()
    assert answer.status_code == 400
    assert (refusal["jsonrpc"], refusal["id"], refusal["error"]["code"]) == ("2.0", id_, code)
    assert text in refusal["error"]["message"]


def test_who_may_not_ask_is_told_so_first(url: str) -> None:
    headers = {"Origin": "https://evil.example", "Content-Type": "application/json"}

    answer = httpx.post(url, content=REFUSED[0][0], headers=headers, trust_env=False)

    assert answer.status_code == 403


async def forwarded(*parts: bytes, method: str = "POST", kind: str = "http") -> list[Any]:
    """Return what the application behind receives of a request with this body, and the event after it."""
    events = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    events[-1]["more_body"] = False
    events.append({"type": "http.disconnect"})
    seen: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, send
        while not seen or seen[-1]["type"] == "http.request":
            seen.append(await receive())

    async def send(message: Any) -> None:
        pytest.fail(f"it was answered: {message}")

    await ReadableBodies(app)({"type": kind, "method": method}, receive, send)
    *bodies, last = seen
    return [b"".join(event["body"] for event in bodies), last["type"]]


@pytest.mark.parametrize("body", PASSED)
async def test_every_other_body_is_passed_on(body: bytes) -> None:
    assert await forwarded(body) == [body, "http.disconnect"]
    assert await forwarded(body[:9], body[9:]) == [body, "http.disconnect"]


async def test_a_body_that_is_too_large_is_passed_on_unread() -> None:
    part = b"x" * 1024 * 1024

    assert await forwarded(*[part] * 8) == [part * 8, "http.disconnect"]


async def test_a_request_without_a_message_is_passed_on_unread() -> None:
    assert await forwarded(b"{", method="DELETE") == [b"{", "http.disconnect"]
    assert await forwarded(b"{", kind="lifespan") == [b"{", "http.disconnect"]
