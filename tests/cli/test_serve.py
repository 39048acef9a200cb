"""``polytomic-mcp serve``: MCP over HTTP, with and without the sandbox; stdio has tests of its own."""

import signal
import socket
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client

from polytomic_mcp.cli.demo.consent import consent
from polytomic_mcp.settings import DEFAULT_TOOLSETS
from polytomic_mcp.tools.toolsets import toolsets


def listed(url: str, mode: str) -> list[str]:
    async def list_tools() -> list[str]:
        async with Client(url, mode=mode) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    return anyio.run(list_tools)


def address(line: str) -> str:
    return line.rsplit(maxsplit=1)[-1]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_http_serves_mcp_in_both_eras_and_stops_on_a_signal(
    interrupted: Callable[..., tuple[int, str]], capfd: pytest.CaptureFixture[str], mode: str
) -> None:
    names: list[str] = []

    status, line = interrupted(
        "serve", "--http", "--port", "0", visit=lambda line: names.extend(listed(address(line), mode))
    )

    assert status == 0
    assert line.startswith("polytomic-mcp listening on http://127.0.0.1:")
    assert line.endswith("/mcp\n")
    assert names == [name for toolset in toolsets(DEFAULT_TOOLSETS) for name in toolset.names()]
    assert capfd.readouterr() == ("", "")


def test_http_with_the_sandbox_takes_a_consent(interrupted: Callable[..., tuple[int, str]]) -> None:
    statuses: list[str] = []

    async def connect(url: str) -> None:
        gong = {"name": "Gong", "type": "gong", "configuration": {"auth_method": "oauth"}}
        async with Client(url) as client:
            made = (await client.call_tool("create_connection", gong)).structured_content or {}
            await consent(made["auth_url"])
            seen = await client.call_tool("get_connection", {"connection_id": "Gong"})
            statuses.extend([made["status"], (seen.structured_content or {})["status"]])

    interrupted(
        "serve", "--http", "--sandbox", "--port=0", visit=lambda line: anyio.run(connect, address(line))
    )

    assert statuses == ["unhealthy", "healthy"]


def test_a_client_that_stays_does_not_keep_the_server_from_stopping(start: Callable[..., Any]) -> None:
    process = start("serve", "--http", "--port", "0")
    url = address(process.stdout.readline())
    hello = {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
    accept = {"Accept": "application/json, text/event-stream"}
    with httpx.Client(trust_env=False, timeout=10) as client:
        session = client.post(url, json=hello, headers=accept).headers["mcp-session-id"]
        with client.stream("GET", url, headers=accept | {"mcp-session-id": session}) as waiting:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)

            assert waiting.status_code == 200
    assert (process.returncode, process.stderr.read()) == (0, "")


def test_a_port_in_use_is_one_line_and_1(command: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command("serve", "--http", "--port", str(taken.getsockname()[1]))

    assert (done.status, done.out) == (1, "")
    assert "Address already in use" in done.err
    assert len(done.err.splitlines()) == 1


def test_an_unknown_host_is_one_line_and_1(command: Callable[..., Any]) -> None:
    done = command("serve", "--http", "--host", "256.256.256.256", "--port", "0")

    assert (done.status, done.out) == (1, "")
    assert "Cannot listen on 256.256.256.256:0" in done.err


def test_a_host_that_others_can_reach_is_warned_of(
    interrupted: Callable[..., tuple[int, str]], capfd: pytest.CaptureFixture[str]
) -> None:
    interrupted("serve", "--http", "--host", "0.0.0.0", "--port", "0", visit=bool)  # noqa: S104 - what is warned of

    assert "anyone who can reach 0.0.0.0 can use this server" in capfd.readouterr().err


def test_a_foreign_page_cannot_use_a_local_server(interrupted: Callable[..., tuple[int, str]]) -> None:
    answers: list[int] = []

    def visit(line: str) -> None:
        origin = {"Origin": "https://evil.example", "Accept": "application/json, text/event-stream"}
        answer = httpx.post(address(line), json={}, headers=origin, trust_env=False)
        answers.append(answer.status_code)

    interrupted("serve", "--http", "--port", "0", visit=visit)

    assert answers == [403]


def test_ctrl_c_ends_a_server_on_stdio_at_once_and_without_a_traceback(start: Callable[..., Any]) -> None:
    process = start("serve", "--sandbox")
    process.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
    process.stdin.flush()
    process.stdout.readline()

    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)

    assert (process.returncode, process.stderr.read()) == (-signal.SIGINT, "")
