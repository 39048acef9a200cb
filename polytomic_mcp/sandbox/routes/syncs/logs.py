"""The logs of an execution by type, behind signed URLs, and its console messages."""

import json
from datetime import UTC, datetime
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.sandbox.calls import signed_urls
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.pagination import page_size
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_PATH: Final = "/sandbox/logs/{execution_id}/{type}/{filename}"


def get_index(call: Call) -> JsonObject:
    """Return the number of lines in each log, and the URL of its list of files."""
    execution = _execution(call)
    sync_id, id_ = call.arguments["sync_id"], execution["id"]
    base = f"{call.base_url}/api/syncs/{sync_id}/executions/{id_}"
    counts = logs.counts(call.workspace, id_)
    return {"data": {type_: {"count": counts[type_], "url": f"{base}/{type_}"} for type_ in logs.TYPES}}


def get_urls(call: Call) -> JsonObject:
    """Return signed URLs of a log's files: one file, or none if the log is empty."""
    execution = _execution(call)
    type_ = _type(call)
    expires = signed_urls.expiry(call.workspace.clock())
    has_lines = logs.counts(call.workspace, execution["id"])[type_] > 0
    return {
        "data": {
            "urls": [signed(call, execution["id"], type_, expires)] if has_lines else [],
            "expires": datetime.fromtimestamp(expires, UTC).isoformat().replace("+00:00", "Z"),
        }
    }


def get_file(call: Call) -> Answer:
    """Redirect to the signed URL of one file."""
    execution = _execution(call)
    type_, filename = _type(call), call.arguments["filename"]
    if filename != logs.FILE:
        raise RefusalError(
            404, f"Unknown file {quoted(filename)}. Valid values: {logs.FILE}.", key="not_found"
        )
    location = signed(call, execution["id"], type_, signed_urls.expiry(call.workspace.clock()))
    return Answer(status=302, headers={"Location": location})


def get_console(call: Call) -> JsonObject:
    """Return the console messages after a cursor, oldest first."""
    return console_page(call, logs.console(call.workspace, _execution(call)["id"]))


def console_page(call: Call, entries: list[JsonObject]) -> JsonObject:
    """Return the latest messages, or those after the cursor ``after``; at most ``limit``."""
    limit = page_size(call, logs.MOST_MESSAGES, logs.MOST_MESSAGES)
    shown = entries[-limit:]
    if after := call.arguments.get("after"):
        ids = [entry["id"] for entry in entries]
        if after not in ids:
            message = "after is not a cursor of this console. Omit it to start from the beginning."
            raise RefusalError(400, message, key="bad_request")
        shown = entries[ids.index(after) + 1 :][:limit]
    return {
        "data": {"entries": shown, "next_cursor": shown[-1]["id"] if shown else call.arguments.get("after")}
    }


def signed(call: Call, execution_id: str, type_: str, expires: int) -> str:
    """Return the URL at which a log's file can be read until ``expires``."""
    path = _PATH.format(execution_id=execution_id, type=type_, filename=logs.FILE)
    return signed_urls.address(call.workspace, call.base_url, path, expires)


async def show_file(request: Request) -> Response:
    """Serve a log's file as JSON lines to anyone who has its signed URL."""
    return await anyio.to_thread.run_sync(_file, request)


def _file(request: Request) -> Response:
    workspace: Workspace = request.app.state.workspace
    if refused := signed_urls.refusal(workspace, request):
        return refused
    parts = request.path_params
    lines = logs.lines(workspace, parts["execution_id"], parts["type"])
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return Response(text, media_type="application/jsonl")


def _execution(call: Call) -> JsonObject:
    return executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"])


def _type(call: Call) -> str:
    type_: str = call.arguments["type"]
    if type_ not in logs.TYPES:
        raise RefusalError(404, unknown("log", type_, logs.TYPES), key="not_found")
    return type_


ROUTES: Final[Routes] = {
    "GET /api/syncs/{sync_id}/executions/{id}/logs": get_index,
    "GET /api/syncs/{sync_id}/executions/{id}/consolelog": get_console,
    "GET /api/syncs/{sync_id}/executions/{id}/{type}": get_urls,
    "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}": get_file,
}

PAGES: Final = (Route(_PATH, show_file),)
"""The URLs that need no key, since they are signed."""
