"""The server on stdio: every line that asks something is answered, and the next one too."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Self

import anyio
import pytest
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from polytomic_mcp.cli import run
from polytomic_mcp.protocol.stdio import Refusal, answering

CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


UNREADABLE = {
    "half of a surrogate pair": r'{"jsonrpc":"2.0","id":ID,"method":"tools/list","params":{"x":"\ud800"}}',
    "300 levels": '{"jsonrpc":"2.0","id":ID,"method":"tools/list","params":'
    + '{"x":' * 300
    + "1"
    + "}" * 301,
    "5,000 levels": '{"jsonrpc":"2.0","id":ID,"method":"x","params":{"x":' + "[" * 5000 + "]" * 5000 + "}}",
    "cut off": '{"jsonrpc":"2.0","method":"tools/list","id":ID',
    "an id inside before": r'{"method":"x","params":{"id":77,"y":[{"id":78}],"z":"\ud800"},"id":ID}',
    "quotes and brackets in text": r'{"method":"x","params":{"x":"\"}]{\"id\":5","y":"\udfff"},"id":ID}',
    "5 MB": '{"jsonrpc":"2.0","id":ID,"method":"x","params":{"x":"' + "é" * 2_500_000 + r'\ud800"}}',
    "5 MB of quotes without an end": '{"id":ID,"method":"x","params":"' + r"\"" * 2_500_000,
}


NOT_RPC = {
    "no version": '{"id":ID,"method":"tools/list"}',
    "params are a list": '{"jsonrpc":"2.0","id":ID,"method":"tools/list","params":[1]}',
    "the method is a number, with text": '{"jsonrpc":"2.0","id":ID,"method":5}',
}


WITHOUT_AN_ID = {
    "not JSON": "hello",
    "no id": r'{"jsonrpc":"2.0","method":"x","params":{"x":"\ud800"}}',
    "an endless number for an id": '{"method":"x","id":' + "9" * 5000 + r',"params":{"x":"\ud800"}}',
    "half of a surrogate pair for an id": r'{"method":"x","id":"\ud800"}',
    "an answer, whose id is not the sender's": r'{"jsonrpc":"2.0","id":3,"result":{"x":"\ud800"}}',
    "a list": '[{"jsonrpc":"2.0","id":4,"method":"tools/list"}]',
    "an answer with an error that is text": '{"jsonrpc":"2.0","id":3,"error":"no"}',
}


class Server:
    """The server as a host starts it: a process, lines in, lines out, stderr never read."""

    def __init__(self) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("POLYTOMIC_")}
        pipe = subprocess.PIPE
        words = [sys.executable, "-m", "polytomic_mcp", "serve"]
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, env=environ)  # noqa: S603 - our own

    def __enter__(self) -> Self:
        self.send({"id": 0, "method": "initialize", "params": CLIENT})
        self.receive()
        self.send({"method": "notifications/initialized"})
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def send(self, message: dict[str, Any]) -> None:
        self.send_line(json.dumps({"jsonrpc": "2.0", **message}))

    def send_line(self, line: str | bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write((line.encode() if isinstance(line, str) else line) + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as started:
        yield started


async def relayed(line: str | bytes) -> list[Any]:
    """Send a line, then a request, through ``answering``; return what came out on both sides."""
    sending, incoming = anyio.create_memory_object_stream[bytes](2)
    outgoing, answered = anyio.create_memory_object_stream[Any](2)
    with sending, incoming, outgoing, answered:
        sending.send_nowait(line.encode() if isinstance(line, str) else line)
        sending.send_nowait(b'{"jsonrpc":"2.0","id":99,"method":"tools/list"}')
        async with answering(incoming, outgoing) as (asked, _):
            with anyio.fail_after(30):
                passed = await asked.receive()
        outgoing.close()
        return [item.message for item in [*[item async for item in answered], passed]]


@pytest.mark.parametrize("id_", [7, "seven", "", 0, -1, "a b"])
@pytest.mark.parametrize("line", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_unreadable_request_is_refused_under_its_id(line: str, id_: str | int) -> None:
    refusal, passed = await relayed(line.replace("ID", json.dumps(id_), 1))

    assert isinstance(refusal, Refusal)
    assert refusal.id == id_
    assert refusal.error.code == PARSE_ERROR
    assert "send it again" in refusal.error.message
    assert isinstance(passed, JSONRPCRequest)


@pytest.mark.parametrize("line", NOT_RPC.values(), ids=NOT_RPC)
async def test_what_is_no_request_is_refused_under_its_id(line: str) -> None:
    refusal, _ = await relayed(line.replace("ID", "12"))

    assert isinstance(refusal, Refusal)
    assert refusal.error.code == INVALID_REQUEST


@pytest.mark.parametrize("line", WITHOUT_AN_ID.values(), ids=WITHOUT_AN_ID)
async def test_a_line_whose_id_cannot_be_told_is_refused_without_one(line: str) -> None:
    refusal, _ = await relayed(line)

    assert isinstance(refusal, Refusal)
    assert refusal.id is None


@pytest.mark.parametrize("id_", [7, "seven", "", -1, 1.5, 10**30])
@pytest.mark.parametrize("text", [b"Caf\xe9", b"\xff", b"\xed\xa0\x80", b"\xc3"])
async def test_what_is_not_utf_8_is_refused_under_its_id(text: bytes, id_: str | float) -> None:
    line = b'{"jsonrpc":"2.0","id":ID,"method":"x","params":{"x":"TEXT"}}'

    refusal, passed = await relayed(line.replace(b"ID", json.dumps(id_).encode()).replace(b"TEXT", text))

    assert isinstance(refusal, Refusal)
    assert (refusal.id, refusal.error.code) == (id_, PARSE_ERROR)
    assert refusal.error.message.startswith("This message is not valid UTF-8.")
    assert isinstance(passed, JSONRPCRequest)


@pytest.mark.parametrize("line", [b"\xff\xfe", b'{"id":"\xe9","method":"x"}', b'{"\xe9":1,"method":"x"}'])
async def test_what_is_not_utf_8_is_refused_without_an_id_that_cannot_be_told(line: bytes) -> None:
    refusal, _ = await relayed(line)

    assert isinstance(refusal, Refusal)
    assert refusal.id is None
    assert "UTF-8" in refusal.error.message


@pytest.mark.parametrize(
    ("id_", "told"),
    [
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("1e3", 1000),
        ("null", None),
        ("true", None),
        ("[1]", None),
        ("{}", None),
    ],
)
async def test_a_request_with_an_id_that_mcp_forbids_is_refused_under_it(
    id_: str, told: float | None
) -> None:
    refusal, _ = await relayed('{"jsonrpc":"2.0","method":"ping","id":ID}'.replace("ID", id_))

    assert isinstance(refusal, Refusal)
    assert (refusal.id, refusal.error.code) == (told, INVALID_REQUEST)
    assert refusal.error.message.startswith("The id of a request must be a string or an integer.")


@pytest.mark.parametrize("id_", [0, -1, 2**53 + 1, 2**64 + 1, 10**40, "", " ", "1.5", "null", 'é"\\'])
def test_a_request_is_answered_under_its_id(server: Server, id_: str | int) -> None:
    server.send({"id": id_, "method": "ping"})

    assert server.receive() == {"jsonrpc": "2.0", "id": id_, "result": {}}


def test_nothing_is_done_for_a_request_that_is_not_utf_8(server: Server) -> None:
    server.send_line(b'{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"Caf\xe9"}}')
    refusal = server.receive()
    server.send({"id": 1, "method": "ping"})

    assert (refusal["jsonrpc"], refusal["id"], refusal["error"]["code"]) == ("2.0", 1.5, PARSE_ERROR)
    assert server.receive()["id"] == 1


async def test_a_notification_with_a_null_id_is_one() -> None:
    (passed,) = await relayed('{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}')

    assert isinstance(passed, JSONRPCNotification)


@pytest.mark.parametrize("line", ["", "  ", "\r"])
async def test_a_blank_line_asks_nothing(line: str) -> None:
    answers = await relayed(line)

    assert len(answers) == 1


@pytest.mark.parametrize("id_", [1, "one"])
def test_the_process_goes_on_after_lines_that_it_could_not_read(server: Server, id_: str | int) -> None:
    for line in (*UNREADABLE.values(), *NOT_RPC.values()):
        server.send_line(line.replace("ID", json.dumps(id_), 1))

        assert server.receive()["id"] in {id_, None}

    server.send({"id": "after", "method": "tools/list"})
    assert server.receive()["id"] == "after"


def test_a_line_of_5_mb_is_answered(server: Server) -> None:
    call = {"name": "list_connections", "arguments": {"query": "x" * 5_000_000}}

    server.send({"id": "long", "method": "tools/call", "params": call})

    assert server.receive()["id"] == "long"


def test_200_refused_calls_in_a_row_are_answered_though_no_one_reads_stderr(server: Server) -> None:
    answers: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = [
        {"name": "list_connections", "arguments": {}},
        {"name": "list_connections", "arguments": {"limit": "many"}},
        {"name": "no_such_tool", "arguments": {}},
        {"name": "create_sync", "arguments": {"name": 5}},
    ]

    for number in range(200):
        server.send({"id": number, "method": "tools/call", "params": calls[number % 4]})
        answers.append(server.receive())

    assert [answer["id"] for answer in answers] == list(range(200))
    assert all(answer["result"]["isError"] for answer in answers)
    assert "POLYTOMIC_API_KEY" in answers[0]["result"]["content"][0]["text"]


def test_the_end_of_stdin_ends_the_process_in_peace() -> None:
    with Server() as started:
        assert started.process.stdin
        started.process.stdin.close()
        started.process.stdin = None

        out, err = started.process.communicate(timeout=20)

    assert (started.process.returncode, out, err) == (0, b"", b"")


def test_what_was_asked_before_stdin_ended_is_answered() -> None:
    with Server() as started:
        asked = [{"jsonrpc": "2.0", "id": number, "method": "tools/list"} for number in (1, 2)]
        asked += [{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "list_models"}}]
        lines = "".join(json.dumps(message) + "\n" for message in asked)

        out, _ = started.process.communicate(lines.encode(), timeout=20)

    answers = {answer["id"]: answer for answer in map(json.loads, out.splitlines())}
    assert set(answers) == {1, 2, 3}
    assert all("result" in answer for answer in answers.values())


async def test_the_end_comes_at_once_when_every_request_has_its_answer() -> None:
    sending, incoming = anyio.create_memory_object_stream[bytes](2)
    outgoing, answered = anyio.create_memory_object_stream[Any](2)
    messages = [
        JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/list"),
        JSONRPCNotification(jsonrpc="2.0", method="notifications/initialized"),
    ]
    replies = [
        JSONRPCNotification(jsonrpc="2.0", method="notifications/progress"),
        JSONRPCResponse(jsonrpc="2.0", id=1, result={}),
    ]
    async with sending, incoming, outgoing, answered:
        for message in messages:
            sending.send_nowait(message.model_dump_json(exclude_unset=True).encode())
        sending.close()
        async with answering(incoming, outgoing, last_seconds=60) as (asked, answers):
            with anyio.fail_after(5):
                passed = [await asked.receive(), await asked.receive()]
                for reply in replies:
                    await answers.send(SessionMessage(reply))
                rest = [item async for item in asked]
        await answers.aclose()
        sent = [item.message async for item in answered]

    assert [item.message for item in passed if isinstance(item, SessionMessage)] == messages
    assert sent == replies
    assert rest == []


async def test_a_request_that_is_never_answered_does_not_hold_the_end_for_long() -> None:
    sending, incoming = anyio.create_memory_object_stream[bytes](1)
    outgoing, answered = anyio.create_memory_object_stream[Any](1)
    request = JSONRPCRequest(jsonrpc="2.0", id=1, method="subscriptions/listen")
    async with sending, incoming, outgoing, answered:
        sending.send_nowait(request.model_dump_json(exclude_unset=True).encode())
        sending.close()
        async with answering(incoming, outgoing, last_seconds=0) as (asked, _):
            with anyio.fail_after(5):
                passed = [item async for item in asked]

    assert [item.message for item in passed if isinstance(item, SessionMessage)] == [request]


def test_serve_answers_on_the_streams_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLYTOMIC_API_KEY", raising=False)
    lines = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": CLIENT}) + "\n"
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out))

    status = run(["serve"])

    answer = json.loads(out.getvalue())
    assert status == 0
    assert answer["result"]["serverInfo"]["name"] == "polytomic-mcp"
