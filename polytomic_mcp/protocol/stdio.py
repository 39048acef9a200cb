"""Stdio as mcp serves it, but lines that cannot be parsed are answered too.

mcp 2.3.0 silently drops such a line (nested some 300 levels deep, with a lone surrogate, not JSON-RPC),
and its sender waits forever.
"""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

_Item = SessionMessage | Exception

_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_SCALAR: Final = re.compile(r'\s*:\s*("[^"\\\x00-\x1f]*"|-?(?:0|[1-9][0-9]{0,15}))(?=\s*(?:[,}]|$))')
_OF_THE_WHOLE: Final = frozenset({"json_invalid", "missing", "model_type"})
_NOT_JSON: Final = (
    "This message could not be parsed: it is not JSON, is nested too deeply, or contains a lone surrogate. "
    "Nothing was done; correct it and send it again."
)
_NOT_RPC: Final = (
    "This message is not JSON-RPC 2.0: a request has jsonrpc, id and method, and its params are an "
    "object. Nothing was done; correct it and send it again."
)


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

    def expect(self, item: _Item) -> None:
        """Track a request until it is answered."""
        if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCRequest):
            self._waiting.add(item.message.id)

    async def complete(self) -> None:
        """Wait until every request is answered."""
        while self._waiting:
            self._changed = anyio.Event()
            await self._changed.wait()


@asynccontextmanager
async def answering(
    incoming: Any, outgoing: Any, *, last_seconds: float = 1.0
) -> AsyncGenerator[tuple[ObjectReceiveStream[_Item], Answers]]:
    """Forward messages, and answer each line that cannot be parsed, with its id if it has one.

    mcp drops running requests once stdin ends. The end is therefore delayed until they are answered, for at
    most ``last_seconds``: hosts give a server two seconds to exit.
    """
    send: ObjectSendStream[_Item]
    receive: ObjectReceiveStream[_Item]
    send, receive = anyio.create_memory_object_stream[_Item](0)
    answers = Answers(outgoing)

    async def forward() -> None:
        async with incoming, send:
            async for item in incoming:
                if not isinstance(item, ValidationError):
                    answers.expect(item)
                    await send.send(item)
                elif (refusal := refusal_of(item)) is not None:
                    await outgoing.send(SessionMessage(refusal))
            with anyio.move_on_after(last_seconds):
                await answers.complete()

    async with receive, anyio.create_task_group() as group:
        group.start_soon(forward)
        yield receive, answers
        group.cancel_scope.cancel()


def refusal_of(error: ValidationError) -> JSONRPCError | None:
    """Return the answer to a line that is not a message; None for a blank line."""
    problems = error.errors(include_url=False, include_context=False)
    whole: Any = next((problem["input"] for problem in problems if problem["type"] in _OF_THE_WHOLE), None)
    if problems[0]["type"] == "json_invalid":
        line, refusal = str(whole), ErrorData(code=PARSE_ERROR, message=_NOT_JSON)
    else:
        line, refusal = json.dumps(whole), ErrorData(code=INVALID_REQUEST, message=_NOT_RPC)
    return JSONRPCError(jsonrpc="2.0", id=request_id(line), error=refusal) if line.strip() else None


def request_id(line: str) -> str | int | None:
    """Find the ``id`` of a request that no parser accepts.

    None if it has none, or if it has no ``method``: the id of an answer is not the sender's.
    """
    depth = 0
    members: dict[str, str | int] = {}
    for token in _TOKEN.finditer(line):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
        elif depth == 1 and (value := _SCALAR.match(line, token.end())):
            members[token[0]] = json.loads(value[1])
    return members.get('"id"') if '"method"' in members else None
