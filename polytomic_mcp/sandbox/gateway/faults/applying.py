"""A request that a fault strikes: what reaches the API, and what comes back instead of its answer."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polytomic_mcp.sandbox.faults.fault import Fault
from polytomic_mcp.sandbox.gateway.dispatch import FAULT
from polytomic_mcp.sandbox.gateway.faults.answers import proxy_page, refusal, rendered
from polytomic_mcp.sandbox.gateway.faults.broken_connection import break_off, drain

_GARBLING: Final = frozenset({"truncated", "malformed"})
_NO_ANSWER: Final = "Server disconnected without sending a response."
_HALF: Final = "peer closed connection without sending complete message body (received {} bytes, expected {})"


async def apply_fault(fault: Fault, api: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request as the fault wants it.

    Raises:
        httpx.RemoteProtocolError: The connection is to break, and no server can close it.
    """
    if fault.is_own:
        await api({**scope, FAULT: fault}, receive, send)
        return
    answered: list[Message] = []
    if fault.kind in _GARBLING or fault.when == "after":

        async def keep(message: Message) -> None:
            answered.append(message)

        await api(scope, receive, keep)
    else:
        await drain(receive)
    match fault.kind:
        case "drop":
            await break_off(scope, receive, _NO_ANSWER)
        case "truncated":
            await _send_half(answered, scope, receive, send)
        case "malformed":
            await _send_malformed(answered, send)
        case _:
            await _instead(fault, Request(scope))(scope, receive, send)


def _instead(fault: Fault, request: Request) -> Response:
    return proxy_page(fault.value) if fault.kind == "html" else rendered(refusal(fault), request)


async def _send_half(answered: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    """Promise the whole body, send its first half, and break off."""
    body = _body(answered)
    half = body[: len(body) // 2]
    if half:
        await send(answered[0])
        await send({"type": "http.response.body", "body": half, "more_body": True})
    await break_off(scope, receive, _HALF.format(len(half), len(body)) if half else _NO_ANSWER)


async def _send_malformed(answered: list[Message], send: Send) -> None:
    """Send the body with a brace before it, which makes JSON of no text."""
    body = b"{" + _body(answered)
    headers = [(name, value) for name, value in answered[0]["headers"] if name != b"content-length"]
    start = {**answered[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _body(answered: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in answered)
