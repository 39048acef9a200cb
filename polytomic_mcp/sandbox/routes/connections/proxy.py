"""The proxy: a call to a connection's own system, through its stored credentials."""

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
from polytomic_mcp.sandbox.api import signed_urls
from polytomic_mcp.sandbox.api.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError, bad_request
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.connections import proxy as connection_proxy
from polytomic_mcp.sandbox.resources.connections import rest_view, usage
from polytomic_mcp.sandbox.resources.events.retention import forget_old
from polytomic_mcp.sandbox.resources.runs import jobs
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_JSON: Final = "application/json"
_BODY: Final = "proxy_body"
_PATH: Final = "/sandbox/proxy-bodies/{call_id}"


def get_settings(call: Call) -> JsonObject:
    """Say whether the proxy is on, and whether it can be."""
    return {"data": connection_proxy.settings(call.workspace, _connection(call))}


def update_settings(call: Call) -> JsonObject:
    """Switch the proxy on or off."""
    connection = _connection(call)
    connection_proxy.enable(call.workspace, connection, enabled=call.arguments["enabled"])
    return {"data": connection_proxy.settings(call.workspace, connection)}


def get_info(call: Call) -> JsonObject:
    """Answer with the contract that calls are held to."""
    connection = _connection(call)
    if not connection_proxy.is_supported(call.workspace, connection):
        raise RefusalError(
            400,
            f"A connection of type {system_of(connection)} has no proxy in the sandbox.",
            key="proxy_unsupported",
        )
    return {
        "data": connection_proxy.info(call.workspace, connection, usage.total(call.workspace, connection))
    }


def execute(call: Call) -> Answer:
    """Call the system and answer with what it said; with ``async`` a job does, for GET only."""
    connection = _connection(call)
    request: JsonObject = call.arguments["request"]
    query = _checked(call, request)
    connection_proxy.require_allowed(call.workspace, connection)
    call_id = call.workspace.new_id()
    if call.arguments.get("async"):
        return _start(call, connection, call_id, query)
    return Answer({"data": _perform(call, connection, call_id, query)})


def _start(call: Call, connection: JsonObject, call_id: str, query: Mapping[str, str]) -> Answer:
    """Hand the call to a job, whose result says where the body can be fetched."""
    if call.arguments["request"]["method"].upper() != "GET":
        raise bad_request(call.operation, "async takes GET only")

    def work() -> JsonObject:
        answered = _perform(call, connection, call_id, query)
        forget_old(call.workspace, _BODY, "at")
        call.workspace.store.put(_BODY, call_id, {"body": answered.pop("body"), "at": call.workspace.now()})
        expires = signed_urls.expiry(call.workspace.clock())
        url = signed_urls.address(call.workspace, call.base_url, _PATH.format(call_id=call_id), expires)
        return answered | {"bodyDownloadUrl": url}

    job = jobs.start(call.workspace, "connectionproxy", work)
    url = f"{call.base_url}/api/jobs/connectionproxy/{job['job_id']}"
    started = {"jobId": job["job_id"], "jobStatus": job["status"], "jobUrl": url}
    return Answer({"data": {"status": 202, "proxyCallId": call_id, **started}}, status=202)


def _perform(call: Call, connection: JsonObject, call_id: str, query: Mapping[str, str]) -> JsonObject:
    started = time.monotonic()
    request = call.arguments["request"]
    method, path = request["method"].upper(), request["path"]
    reply = rest_view.answer(call.workspace, system_of(connection), method, path, query)
    text = json.dumps(reply.body)
    connection_proxy.note(call.workspace, connection["id"], call_id, reply.status)
    return {
        "status": reply.status,
        "headers": {"Content-Type": _JSON},
        "contentType": _JSON,
        "body": text[: connection_proxy.LARGEST_BODY],
        "truncated": len(text) > connection_proxy.LARGEST_BODY,
        "latencyMs": round((time.monotonic() - started) * 1_000),
        "proxyCallId": call_id,
    }


def _checked(call: Call, request: JsonObject) -> dict[str, str]:
    """Hold the request to the contract, and return its query."""
    path: str = request["path"]
    if request["method"].upper() not in connection_proxy.METHODS:
        raise bad_request(
            call.operation, f"request.method must be one of {', '.join(connection_proxy.METHODS)}"
        )
    if not path.startswith("/") or path.startswith("//") or ".." in path.split("/") or "?" in path:
        raise bad_request(
            call.operation, "request.path must start with one slash, go up nowhere and hold no query"
        )
    if request.get("api"):
        raise bad_request(
            call.operation, "request.api is for connections with several APIs; this one has one"
        )
    if request.get("query") is not None and request.get("rawQuery") is not None:
        raise bad_request(call.operation, "request.query stands beside request.rawQuery; send one of them")
    if len(json.dumps(request.get("body"))) > connection_proxy.LARGEST_BODY:
        raise bad_request(call.operation, f"request.body may have {connection_proxy.LARGEST_BODY} bytes")
    if request.get("rawQuery") is not None:
        return dict(parse_qsl(request["rawQuery"], keep_blank_values=True))
    return {name: _written(value) for name, value in as_object(request.get("query")).items()}


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def show_body(request: Request) -> Response:
    """Serve what a job's call was answered to whoever holds its signed address."""
    return await anyio.to_thread.run_sync(_body, request)


def _body(request: Request) -> Response:
    workspace: Workspace = request.app.state.workspace
    if refused := signed_urls.refusal(workspace, request):
        return refused
    kept = workspace.find(_BODY, request.path_params["call_id"])
    return Response(kept["body"], media_type=_JSON)


def _connection(call: Call) -> JsonObject:
    return call.workspace.find("connection", call.arguments["id"])


ROUTES: Final[Routes] = {
    "POST /api/connections/{id}/proxy": execute,
    "GET /api/connections/{id}/proxy/info": get_info,
    "GET /api/connections/{id}/proxy/settings": get_settings,
    "PUT /api/connections/{id}/proxy/settings": update_settings,
}

PAGES: Final = (Route(_PATH, show_body),)
"""Where a job's body is fetched; its signature is its key."""
