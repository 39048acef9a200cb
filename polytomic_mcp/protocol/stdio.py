"""Stdio as mcp serves it, but every line that asks something is answered.

mcp 2.3.0 silently drops a line that it cannot parse (nested some 300 levels deep, with a lone surrogate, not
JSON-RPC), takes a request whose id is null or a fraction for a notification, and replaces what is not UTF-8.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, BinaryIO, Final, Literal, Self, cast

import anyio
import anyio.to_thread
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)
from pydantic import BaseModel, ValidationError

_Id = str | int | float | None
_Item = SessionMessage | Exception

_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_SCALAR: Final = re.compile(
    r'\s*:\s*("[^"\\\x00-\x1f\ud800-\udfff]*"|-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)(?=\s*(?:[,}]|$))'
)
_AGAIN: Final = "Nothing was done; correct it and send it again."
_NOT_UTF8: Final = f"This message is not valid UTF-8. {_AGAIN}"
_NOT_JSON: Final = (
    "This message could not be parsed: it is not JSON, is nested too deeply, or contains a lone surrogate. "
    f"{_AGAIN}"
)
_NOT_RPC: Final = (
    "This message is not JSON-RPC 2.0: a request has jsonrpc, id and method, and its params are an "
    f"object. {_AGAIN}"
)
_NOT_AN_ID: Final = f"The id of a request must be a string or an integer. {_AGAIN}"


class Refusal(BaseModel):
    """The answer to a line that is not a message. Unlike mcp's own, it can repeat a fraction as the id."""

    jsonrpc: Literal["2.0"]
    id: _Id
    error: ErrorData


class NoLines:
    """A stdin without lines, for mcp."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        raise StopAsyncIteration


async def lines_of(stream: BinaryIO) -> AsyncGenerator[bytes]:
    """Yield the lines of a stream until it ends, each read in a thread."""
    while line := await anyio.to_thread.run_sync(stream.readline):
        yield line


class Answers:
    """The outgoing stream, which tracks the requests that are not yet answered."""

    def __init__(self, outgoing: Any) -> None:
        self._outgoing = outgoing
        self._waiting: set[str | int | None] = set()
        self._changed = anyio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the stream."""
        await self._outgoing.aclose()

    async def send(self, item: SessionMessage, /) -> None:
        """Send a message. If it is an answer, its request is no longer tracked."""
        await self._outgoing.send(item)
        if isinstance(item.message, JSONRPCResponse | JSONRPCError):
            self._waiting.discard(item.message.id)
            self._changed.set()

    def expect(self, item: SessionMessage) -> None:
        """Track a request until it is answered."""
        if isinstance(item.message, JSONRPCRequest):
            self._waiting.add(item.message.id)

    async def complete(self) -> None:
        """Wait until every request is answered."""
        while self._waiting:
            self._changed = anyio.Event()
            await self._changed.wait()


@asynccontextmanager
async def answering(
    lines: AsyncIterable[bytes], outgoing: Any, *, last_seconds: float = 1.0
) -> AsyncGenerator[tuple[ObjectReceiveStream[_Item], Answers]]:
    """Forward messages, and answer each line that is none, with its id if it has one.

    mcp drops running requests once stdin ends. The end is therefore delayed until they are answered, for at
    most ``last_seconds``: hosts give a server two seconds to exit.
    """
    send: ObjectSendStream[_Item]
    receive: ObjectReceiveStream[_Item]
    send, receive = anyio.create_memory_object_stream[_Item](0)
    answers = Answers(outgoing)

    async def forward() -> None:
        async with send:
            async for line in lines:
                message = read(line)
                if isinstance(message, SessionMessage):
                    answers.expect(message)
                    await send.send(message)
                elif message is not None:
                    await outgoing.send(SessionMessage(cast("JSONRPCError", message)))
            with anyio.move_on_after(last_seconds):
                await answers.complete()

    async with receive, anyio.create_task_group() as group:
        group.start_soon(forward)
        yield receive, answers
        group.cancel_scope.cancel()


def read(line: bytes) -> SessionMessage | Refusal | None:
    """Return the message of a line, or the answer to a line that is not a message; None for a blank one."""
    if not line.strip():
        return None
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError as error:
        return _refusal(line, error)
    if isinstance(message, JSONRPCNotification) and (refusal := _refused_id(line, message)) is not None:
        return refusal
    return SessionMessage(message)


def request_id(line: str) -> _Id:
    """Find the ``id`` of a request that no parser accepts.

    None if it has none, or if it has no ``method``: the id of an answer is not the sender's.
    """
    depth = 0
    members: dict[str, str | int | float] = {}
    for token in _TOKEN.finditer(line):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
        elif depth == 1 and (value := _SCALAR.match(line, token.end())):
            members[token[0]] = json.loads(value[1])
    return members.get('"id"') if '"method"' in members else None


def _refusal(line: bytes, error: ValidationError) -> Refusal:
    code, message = PARSE_ERROR, _NOT_JSON
    try:
        line.decode()
    except UnicodeDecodeError:
        message = _NOT_UTF8
    else:
        if error.errors(include_url=False, include_context=False)[0]["type"] != "json_invalid":
            code, message = INVALID_REQUEST, _NOT_RPC
    id_ = request_id(line.decode(errors="surrogateescape"))
    return Refusal(jsonrpc="2.0", id=id_, error=ErrorData(code=code, message=message))


def _refused_id(line: bytes, message: JSONRPCNotification) -> Refusal | None:
    """Return the answer to a request that mcp takes for a notification, because of its id.

    A notification with a null id is still one: some clients send it.
    """
    sent = json.loads(line)
    if "id" not in sent or (sent["id"] is None and message.method.startswith("notifications/")):
        return None
    id_ = request_id(line.decode())
    return Refusal(jsonrpc="2.0", id=id_, error=ErrorData(code=INVALID_REQUEST, message=_NOT_AN_ID))
