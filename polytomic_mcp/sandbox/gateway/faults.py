"""What a fault does to a request: an error instead of the answer, a broken body, or a broken connection.

A server that can close a connection offers a function under ``BREAK_OFF`` in the ``state`` of each request's
scope; it sends what was written so far and closes. The server of this package does so. Without one, such as
under ``httpx.ASGITransport``, ``httpx.RemoteProtocolError`` is raised, the error that the same client gets
over a port.
"""

from http import HTTPStatus
from typing import Any, Final

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polytomic_mcp.sandbox.calls.call import Answer, Call, Handler
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import (
    Drop,
    Html,
    Malformed,
    RequestFault,
    Status,
    Truncated,
)
from polytomic_mcp.sandbox.gateway.responses import render_refusal

API_FAULT: Final = "polytomic.fault"
"""The key in a request's scope for a failure of the API itself, which its route applies."""

BREAK_OFF: Final = "break_off"

_NO_ANSWER: Final = "Server disconnected without sending a response."
_HALF: Final = "peer closed connection without sending complete message body (received {} bytes, expected {})"
_PAGE: Final = (
    "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
    "<p>A proxy in front of the sandbox sent this page, as a fault requested.</p>\n</body>\n</html>\n"
)


def fail_route(route: Handler, call: Call) -> Any:
    """Run a route, and fail as the API itself would if the call has a fault: before it acts, or after."""
    if call.fault is None:
        return route(call)
    error = _status_refusal(call.fault)
    if call.fault.when == "before":
        raise error
    route(call)
    return Answer(error.body(call.version), error.status, error.headers)


async def apply_fault(fault: RequestFault, api: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request with a fault.

    Raises:
        httpx.RemoteProtocolError: The fault breaks the connection, which the server cannot close.
    """
    if isinstance(fault, Status) and fault.is_from_api:
        await api({**scope, API_FAULT: fault}, receive, send)
        return
    answered: list[Message] = []
    if _reaches_api(fault):

        async def keep(message: Message) -> None:
            answered.append(message)

        await api(scope, receive, keep)
    else:
        await _read_to_end(receive)
    match fault:
        case Drop():
            await _break_off(scope, receive, _NO_ANSWER)
        case Truncated():
            await _send_half(answered, scope, receive, send)
        case Malformed():
            await _send_malformed(answered, send)
        case _:
            await _replacement(fault, Request(scope))(scope, receive, send)


def _reaches_api(fault: RequestFault) -> bool:
    """Return whether the API serves the request although the caller does not see its answer as it is."""
    match fault:
        case Truncated() | Malformed():
            return True
        case Status() | Drop() | Html():
            return fault.when == "after"
        case _:
            return False


def _replacement(fault: RequestFault, request: Request) -> Response:
    """Return the response that is sent instead of the API's own."""
    match fault:
        case Html():
            return _proxy_page(fault.html)
        case Status():
            return render_refusal(_status_refusal(fault), request)
        case _:
            return render_refusal(_expired_key(), request)


def _status_refusal(fault: Status) -> RefusalError:
    is_limit = fault.status == HTTPStatus.TOO_MANY_REQUESTS
    return RefusalError(
        fault.status,
        f"{HTTPStatus(fault.status).phrase}, as a fault requested.",
        key="rate_limited" if is_limit else "fault",
        headers={} if fault.wait is None else {"Retry-After": f"{fault.wait:g}"},
    )


def _expired_key() -> RefusalError:
    return RefusalError(
        401,
        "The API key has expired, as a fault requested.",
        key="unauthorized",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _proxy_page(status: int) -> Response:
    """Return an HTML page, as a proxy sends it where JSON is expected."""
    title = "Please wait" if status == HTTPStatus.OK else f"{status} {HTTPStatus(status).phrase}"
    return HTMLResponse(_PAGE.format(title=title), status)


async def _send_half(answered: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    """Announce the whole body, send its first half, and break off."""
    body = _body(answered)
    half = body[: len(body) // 2]
    if half:
        await send(answered[0])
        await send({"type": "http.response.body", "body": half, "more_body": True})
    await _break_off(scope, receive, _HALF.format(len(half), len(body)) if half else _NO_ANSWER)


async def _send_malformed(answered: list[Message], send: Send) -> None:
    """Send the body after a brace, which makes any text invalid JSON."""
    body = b"{" + _body(answered)
    headers = [(name, value) for name, value in answered[0]["headers"] if name != b"content-length"]
    start = {**answered[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _body(answered: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in answered)


async def _break_off(scope: Scope, receive: Receive, message: str) -> None:
    """Close the request's connection, and return when it is closed."""
    close = scope.get("state", {}).get(BREAK_OFF)
    if close is None:
        raise httpx.RemoteProtocolError(message)
    close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read_to_end(receive: Receive) -> None:
    """Read the whole request: closing a connection with unread bytes would fail in another way."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass
