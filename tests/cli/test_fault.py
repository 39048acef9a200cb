"""Faults from the command line, and connections that really break."""

import argparse
import json
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from polytomic_mcp.cli.shared.options import SandboxOptions, add_sandbox_options
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.settings import Settings

FAULTS = ("status=503; when=after; times=1", "outage=salesforce")


def exchange(url: str, fault: str, key: str = "k") -> bytes:
    """Return every byte that a request gets as its answer before the connection is closed."""
    host, _, port = url.removeprefix("http://").partition(":")
    request = (
        f"POST /api/connections HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: 2\r\nX-Sandbox-Fault: {fault}\r\n\r\n{{}}"
    )
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_the_faults_stand_from_the_first_request_on(interrupted: Callable[..., tuple[int, str]]) -> None:
    answers: list[httpx.Response] = []

    def visit(ready: str) -> None:
        url = ready.split()[3]
        answers.append(httpx.get(f"{url}/api/me", headers={"Authorization": "Bearer k"}, trust_env=False))
        answers.append(httpx.get(f"{url}/sandbox/faults", trust_env=False))

    status, _ = interrupted("sandbox", "--key=k", *(f"--fault={fault}" for fault in FAULTS), visit=visit)

    assert status == 0
    assert answers[0].status_code == 503
    assert [rule["text"] for rule in answers[1].json()["data"]] == [
        "status=503; when=after; times=1",
        "outage=salesforce",
    ]


def test_a_fault_that_cannot_be_meant_is_answered_with_what_can(command: Callable[..., Any]) -> None:
    done = command("sandbox", "--fault=status=404")

    assert done.status == 1
    assert "status must be 429, 500, 502, 503 or 504, not '404'" in done.err
    assert "Traceback" not in done.err


def test_help_shows_how_faults_are_spelled(command: Callable[..., Any]) -> None:
    done = command("sandbox", "--help")

    assert "--fault SPEC" in done.out
    assert "outage=salesforce" in done.out


def test_faults_need_a_sandbox(command: Callable[..., Any]) -> None:
    done = command("serve", "--fault=drop")

    assert done.status != 0
    assert "--fault works only with the sandbox" in done.err


def test_the_options_as_words_mean_the_same() -> None:
    parser = argparse.ArgumentParser()
    add_sandbox_options(parser)
    options = SandboxOptions.of(parser.parse_args([f"--fault={fault}" for fault in FAULTS]), Settings())

    assert options.faults == FAULTS
    assert SandboxOptions.of(parser.parse_args(options.words()), Settings()) == options


def test_a_tool_meets_them_too(command: Callable[..., Any]) -> None:
    done = command("call", "list_connections", "--sandbox", "--fault=expired_key")

    assert done.status == 1
    assert "expired" in done.err


@pytest.mark.parametrize("key", ["k", "wrong"])
@pytest.mark.parametrize("fault", ["drop", "drop; when=after"])
def test_a_dropped_connection_is_closed_without_a_byte(
    capfd: pytest.CaptureFixture[str], fault: str, key: str
) -> None:
    with listening(create_sandbox(key="k")) as server:
        answer = exchange(server.url, fault, key)

    assert answer == b""
    assert capfd.readouterr().err == ""


def test_a_truncated_answer_is_shorter_than_it_promised(capfd: pytest.CaptureFixture[str]) -> None:
    with listening(create_sandbox(key="k")) as server:
        head, _, body = exchange(server.url, "truncated").partition(b"\r\n\r\n")

    promised = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    assert 0 < len(body) < promised
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert capfd.readouterr().err == ""
