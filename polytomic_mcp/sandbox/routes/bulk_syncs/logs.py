"""The logs of a bulk sync's executions: signed URLs, an archive, and the console."""

from datetime import UTC, datetime
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import signed_urls
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.runs import jobs, logs
from polytomic_mcp.sandbox.routes.syncs.logs import console_page, signed
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

_PATH: Final = "/sandbox/archives/{execution_id}/logs.zip"


def get_urls(call: Call) -> JsonObject:
    """Return a signed URL for each log with lines; both keys are capitalized, unlike elsewhere in the API."""
    execution = _execution(call)
    expires = signed_urls.expiry(call.workspace.clock())
    types = logs.with_lines(call.workspace, execution["id"])
    urls = [signed(call, execution["id"], type_, expires) for type_ in types]
    return {"data": {"URLs": urls, "Expires": written(datetime.fromtimestamp(expires, UTC))}}


def export(call: Call) -> JsonObject:
    """Start a job whose result is the signed URL of an archive of the logs.

    ``notify`` has no effect: the sandbox sends no email.
    """
    execution = _execution(call)
    path = _PATH.format(execution_id=execution["id"])

    def work() -> JsonObject:
        expires = signed_urls.expiry(call.workspace.clock())
        return {"url": signed_urls.address(call.workspace, call.base_url, path, expires)}

    return {"job": jobs.start(call.workspace, "exportlogs", work)}


def get_console(call: Call) -> JsonObject:
    """Return the console's messages after a cursor, oldest first."""
    return console_page(call, logs.console(call.workspace, _execution(call)["id"]))


def get_schema_console(call: Call) -> JsonObject:
    """Return the console's messages about one schema, after a cursor, oldest first."""
    execution = _execution(call)
    sync = call.workspace.find("bulk_sync", call.arguments["sync_id"])
    schema = bulk_schemas.find(call.workspace, sync, call.arguments["schema_id"])
    entries = logs.console(call.workspace, execution["id"])
    return console_page(call, [each for each in entries if each["payload"].get("schema") == schema["id"]])


async def show_archive(request: Request) -> Response:
    """Serve the archive to any client with its signed URL."""
    return await anyio.to_thread.run_sync(_archive, request)


def _archive(request: Request) -> Response:
    workspace: Workspace = request.app.state.workspace
    if refused := signed_urls.refusal(workspace, request):
        return refused
    content = logs.archive(workspace, request.path_params["execution_id"])
    return Response(content, media_type="application/zip")


def _execution(call: Call) -> JsonObject:
    return bulk_executions.find(call.workspace, call.arguments["sync_id"], call.arguments["execution_id"])


ROUTES: Final[Routes] = {
    "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}/logs": get_urls,
    "POST /api/bulk/syncs/{sync_id}/executions/{execution_id}/logs/export": export,
    "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}/consolelog": get_console,
    "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}/schemas/{schema_id}/consolelog": (
        get_schema_console
    ),
}

PAGES: Final = (Route(_PATH, show_archive),)
"""The page of the archive, which requires a signature instead of an API key."""
