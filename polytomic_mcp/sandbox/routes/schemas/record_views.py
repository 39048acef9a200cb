"""Links that show one record, for a limited time, to anyone who has them."""

import json
from datetime import datetime
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes, public
from polytomic_mcp.sandbox.common.refusals import bad_request
from polytomic_mcp.sandbox.common.times import read_time
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.models.models import require_healthy
from polytomic_mcp.sandbox.resources.schemas import record_views, schemas
from polytomic_mcp.sandbox.routes.page_layout import page

_PATH: Final = "/sandbox/record-views/{token}"


def get_capabilities(call: Call) -> JsonObject:
    """Return whether links to a schema's records can be created."""
    return {"data": record_views.capabilities(call.workspace, *_find_table(call))}


def create(call: Call) -> Answer:
    """Store a snapshot of the record, and return the link that shows it."""
    connection, table = _find_table(call)
    lookup = call.arguments["lookup_key_field"], call.arguments["lookup_key_value"]
    expires_at = _expiry(call)
    record = record_views.snapshot(call.workspace, connection, table, lookup, call.arguments.get("fields"))
    document, token = record_views.create(call.workspace, table, record, expires_at)
    url = f"{call.base_url}{_PATH.format(token=token)}"
    return Answer({"data": public(document) | {"url": url}}, is_secret=True)


async def show(request: Request) -> Response:
    """Show the record to anyone who has its link."""
    return await anyio.to_thread.run_sync(_show, request)


def _show(request: Request) -> Response:
    document = record_views.find(request.app.state.workspace, request.path_params["token"])
    if document is None:
        return page("No record here", "This link is not valid or has expired.", status=404)
    facts = {name: _to_text(value) for name, value in document["_record"].items()}
    created, expires = (_minute(document[name]) for name in ("created_at", "expires_at"))
    text = f"Snapshot of {created}. This link works until {expires}."
    return page(document["_title"], text, facts=facts)


def _to_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"


def _find_table(call: Call) -> tuple[JsonObject, Table]:
    connection_id: str = call.arguments["connection_id"]
    harbors.require_within(call, connection_id)
    connection = require_healthy(call.workspace, connection_id)
    return connection, schemas.find_table(call.workspace, connection, call.arguments["schema_id"])


def _expiry(call: Call) -> datetime:
    now = call.workspace.clock()
    text: str | None = call.arguments.get("expires_at")
    if text is None:
        return now + record_views.USUAL
    try:
        time = read_time(text)
    except ValueError as error:
        raise bad_request(call.operation, "expires_at is not a time such as 2026-01-31T12:00:00Z") from error
    if not now < time <= now + record_views.LONGEST:
        days = record_views.LONGEST.days
        raise bad_request(call.operation, f"expires_at must be in the future, within {days} days")
    return time


ROUTES: Final[Routes] = {
    "GET /api/record-view-links/capabilities": get_capabilities,
    "POST /api/record-view-links": create,
}

PAGES: Final = (Route(_PATH, show),)
"""The page of a record. It needs no key, since its URL has a token."""
