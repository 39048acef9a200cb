"""The proxy: calls to a connection's system with its stored credentials."""

import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls import signed_urls
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError, bad_request
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.connections import proxy as connection_proxy
from polytomic_mcp.sandbox.resources.connections import rest_view, usage
from polytomic_mcp.sandbox.resources.runs import jobs
from polytomic_mcp.sandbox.workspace.retention import delete_expired
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_JSON: Final = "application/json"
_BODY: Final = "proxy_body"
_PATH: Final = "/sandbox/proxy-bodies/{call_id}"


def get_settings(call: Call) -> JsonObject:
    """Return whether the proxy is on, and whether the connection supports it."""
    return {"data": connection_proxy.settings(call.workspace, _connection(call))}


def update_settings(call: Call) -> JsonObject:
    """Switch the proxy on or off."""
    connection = _connection(call)
    connection_proxy.set_enabled(call.workspace, connection, enabled=call.arguments["enabled"])
    return {"data": connection_proxy.settings(call.workspace, connection)}


def get_info(call: Call) -> JsonObject:
    """Return the proxy's base URL, limits and statistics."""
    connection = _connection(call)
    if not connection_proxy.is_supported(call.workspace, connection):
        raise RefusalError(
            400,
            f"The sandbox cannot proxy a connection of type {system_of(connection)}.",
            key="proxy_unsupported",
        )
    calls = usage.total(call.workspace, connection)
    return {"data": connection_proxy.describe(call.workspace, connection, calls)}


def execute(call: Call) -> Answer:
    """Call the system and return its response; with ``async``, for GET only, a job makes the call."""
    connection = _connection(call)
    request: JsonObject = call.arguments["request"]
    query = _valid_query(call, request)
    connection_proxy.require_allowed(call.workspace, connection)
    call_id = call.workspace.new_id()
    if call.arguments.get("async"):
        return _start(call, connection, call_id, query)
    return Answer({"data": _perform(call, connection, call_id, query)})


def _start(call: Call, connection: JsonObject, call_id: str, query: Mapping[str, str]) -> Answer:
    """Start a job that makes the call; its result has the URL of the response body."""
    if call.arguments["request"]["method"].upper() != "GET":
        raise bad_request(call.operation, "async is only for GET")

    def work() -> JsonObject:
        response = _perform(call, connection, call_id, query)
        delete_expired(call.workspace, _BODY, "at")
        call.workspace.store.put(_BODY, call_id, {"body": response.pop("body"), "at": call.workspace.now()})
        expires = signed_urls.expiry(call.workspace.clock())
        url = signed_urls.address(call.workspace, call.base_url, _PATH.format(call_id=call_id), expires)
        return response | {"bodyDownloadUrl": url}

    job = jobs.start(call.workspace, "connectionproxy", work)
    url = f"{call.base_url}/api/jobs/connectionproxy/{job['job_id']}"
    started = {"jobId": job["job_id"], "jobStatus": job["status"], "jobUrl": url}
    return Answer({"data": {"status": 202, "proxyCallId": call_id, **started}}, status=202)


def _perform(call: Call, connection: JsonObject, call_id: str, query: Mapping[str, str]) -> JsonObject:
    started = time.monotonic()
    request = call.arguments["request"]
    method, path = request["method"].upper(), request["path"]
    reply = rest_view.respond(call.workspace, system_of(connection), method, path, query)
    text = json.dumps(reply.body)  # ASCII: a character is a byte
    connection_proxy.record_call(call.workspace, connection["id"], call_id, reply.status)
    return {
        "status": reply.status,
        "headers": {"Content-Type": _JSON},
        "contentType": _JSON,
        "body": text[: connection_proxy.LARGEST_RESPONSE],
        "truncated": len(text) > connection_proxy.LARGEST_RESPONSE,
        "latencyMs": round((time.monotonic() - started) * 1_000),
        "proxyCallId": call_id,
    }


def _valid_query(call: Call, request: JsonObject) -> dict[str, str]:
    """Validate the request against the proxy's limits and return its query.

    Raises:
        RefusalError: 400 if it exceeds them.
    """
    path, method = request["path"], request["method"]
    if method.upper() not in connection_proxy.METHODS:
        raise bad_request(call.operation, unknown("request.method", method, connection_proxy.METHODS))
    if not path.startswith("/") or path.startswith("//") or ".." in path.split("/") or "?" in path:
        raise bad_request(
            call.operation,
            "request.path must start with exactly one slash and contain neither .. nor a query",
        )
    if request.get("api"):
        raise bad_request(
            call.operation, "request.api is for connections with several APIs; omit it for this one"
        )
    if request.get("query") is not None and request.get("rawQuery") is not None:
        raise bad_request(call.operation, "send either request.query or request.rawQuery, not both")
    if (size := _size(request.get("body"))) > connection_proxy.LARGEST_REQUEST:
        raise bad_request(
            call.operation,
            f"request.body has {size} bytes; the limit is {connection_proxy.LARGEST_REQUEST}. Send less",
        )
    if request.get("rawQuery") is not None:
        return dict(parse_qsl(request["rawQuery"], keep_blank_values=True))
    return {name: _text(value) for name, value in as_object(request.get("query")).items()}


def _size(body: Any) -> int:
    """Return the bytes of a body as it is sent: text as it is, anything else as JSON."""
    sent = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return len(sent.encode(errors="replace"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def show_body(request: Request) -> Response:
    """Serve the response body of a job's call at its signed URL."""
    return await anyio.to_thread.run_sync(_body, request)


def _body(request: Request) -> Response:
    workspace: Workspace = request.app.state.workspace
    if refused := signed_urls.refusal(workspace, request):
        return refused
    stored = workspace.find(_BODY, request.path_params["call_id"])
    return Response(stored["body"], media_type=_JSON)


def _connection(call: Call) -> JsonObject:
    return call.workspace.find("connection", call.arguments["id"])


ROUTES: Final[Routes] = {
    "POST /api/connections/{id}/proxy": execute,
    "GET /api/connections/{id}/proxy/info": get_info,
    "GET /api/connections/{id}/proxy/settings": get_settings,
    "PUT /api/connections/{id}/proxy/settings": update_settings,
}

PAGES: Final = (Route(_PATH, show_body),)
"""The download of a job's response body, which needs no API key: its URL is signed."""
