"""A connection that breaks off: over a port it is closed, in this process it is told as httpx would tell it.

A server that can close a connection offers how under ``BREAK_OFF`` of the ``state`` of each request's scope:
a function without arguments that sends what was written so far and closes. The server of this package does.
Where there is none, such as under ``httpx.ASGITransport``, ``httpx.RemoteProtocolError`` is raised, the error
that the same client gets over a port.
"""

from typing import Final

import httpx
from starlette.types import Receive, Scope

BREAK_OFF: Final = "break_off"


async def break_off(scope: Scope, receive: Receive, words: str) -> None:
    """Break the request's connection off, and return when it is closed.

    Raises:
        httpx.RemoteProtocolError: No server offers to; ``words`` are its text.
    """
    close = scope.get("state", {}).get(BREAK_OFF)
    if close is None:
        raise httpx.RemoteProtocolError(words)
    close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def drain(receive: Receive) -> None:
    """Read a request to its end: a connection closed over unread bytes would break in another way."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass
