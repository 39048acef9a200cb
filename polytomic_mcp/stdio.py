"""Stdio as MCP serves it, with an answer also to a line that cannot be read.

mcp drops such a line (nested some 300 levels, or half of a surrogate pair in it) in silence, and
the one who sent it waits for ever: observed with mcp 2.3.0.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import PARSE_ERROR, ErrorData, JSONRPCError
from pydantic import ValidationError

from polytomic_mcp.tools.caller import Caller

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_ID: Final = re.compile(r'\s*:\s*(?:"(?P<text>[^"\\]*)"|(?P<number>-?\d+))')
_UNREADABLE: Final = (
    "This message could not be read: it is not JSON, is nested too deep, or holds half of a surrogate "
    "pair. Nothing was done; send it again without that."
)


class PolytomicServer(MCPServer[Caller]):
    """An ``MCPServer`` that leaves no request on stdio unanswered."""

    async def run_stdio_async(self) -> None:
        """Serve MCP on this process's stdin and stdout until stdin ends."""
        async with stdio_server() as (incoming, outgoing), answering(incoming, outgoing) as readable:
            server = self._lowlevel_server
            await server.run(readable, outgoing, server.create_initialization_options())


@asynccontextmanager
async def answering(incoming: Any, outgoing: Any) -> AsyncGenerator[ObjectReceiveStream[SessionMessage]]:
    """Pass messages on, and answer each line that could not be read with a parse error for its id."""
    send: ObjectSendStream[SessionMessage]
    receive: ObjectReceiveStream[SessionMessage]
    send, receive = anyio.create_memory_object_stream[SessionMessage](0)

    async def pass_on() -> None:
        async with send:
            async for item in incoming:
                if not isinstance(item, Exception):
                    await send.send(item)
                elif isinstance(item, ValidationError) and (id_ := request_id(_line_of(item))) is not None:
                    error = ErrorData(code=PARSE_ERROR, message=_UNREADABLE)
                    await outgoing.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=id_, error=error)))

    async with anyio.create_task_group() as group:
        group.start_soon(pass_on)
        yield receive
        group.cancel_scope.cancel()


def request_id(line: str) -> str | int | None:
    """Find the ``id`` of a JSON-RPC message that no parser takes; None where it has none."""
    depth = 0
    for token in _TOKEN.finditer(line):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
        elif depth == 1 and token[0] == '"id"' and (found := _ID.match(line, token.end())):
            return found["text"] if found["number"] is None else int(found["number"])
    return None


def _line_of(error: ValidationError) -> str:
    return str(error.errors(include_url=False, include_context=False)[0]["input"])
