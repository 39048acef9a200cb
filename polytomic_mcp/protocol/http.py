"""Streamable HTTP as mcp serves it, but every body that asks something is answered, as on stdio."""

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from polytomic_mcp.protocol.stdio import Refusal, read

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

_ABOUT_THE_BODY: Final = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST)
_LARGEST: Final = 4 * 1024 * 1024
"""The most bytes of a body that are read here; mcp alone reads a larger one."""


class ReadableBodies:
    """An ASGI application that answers a body that is not a message, and forwards every other request."""

    def __init__(self, app: Callable[[_Message, _Receive, _Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        events = await _events(receive)
        body = b"".join(event.get("body", b"") for event in events)
        message = None if events[-1].get("more_body") else read(body)

        async def again() -> _Message:
            return events.pop(0) if events else await receive()

        is_refused = isinstance(message, Refusal)
        await self._app(scope, again, _Instead(receive, send, message) if is_refused else send)


class _Instead:
    """Sends a refusal instead of what mcp says of a body; what it says of the sender is kept."""

    def __init__(self, receive: _Receive, send: _Send, refusal: Refusal) -> None:
        self._receive = receive
        self._send = send
        self._refusal = refusal
        self._is_kept = False

    async def __call__(self, event: _Message) -> None:
        if event["type"] == "http.response.start":
            self._is_kept = event["status"] not in _ABOUT_THE_BODY
            if not self._is_kept:
                content = self._refusal.model_dump_json(exclude_unset=True)
                answer = Response(content, HTTPStatus.BAD_REQUEST, media_type="application/json")
                await answer({"type": "http"}, self._receive, self._send)
        if self._is_kept:
            await self._send(event)


async def _events(receive: _Receive) -> list[_Message]:
    """Return the events of a body up to its end, or until it is too large."""
    events, size = [await receive()], 0
    while events[-1].get("more_body") and size <= _LARGEST:
        size += len(events[-1].get("body", b""))
        events.append(await receive())
    return events
