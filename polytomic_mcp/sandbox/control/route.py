"""The form of every control route under ``/sandbox``: a function from a ``Control`` to a JSON body."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.gateway.arguments import read_body
from polytomic_mcp.sandbox.workspace.workspace import Workspace

LARGEST_BODY: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Control:
    """A request to a control route, with the placeholders in its path and the JSON object in its body."""

    workspace: Workspace
    path: Mapping[str, str]
    body: JsonObject


Controller = Callable[[Control], Any]
"""Take a ``Control`` and return the JSON body of a 200, or None for a 204.

It runs on a worker thread and may block. It refuses a request by raising ``RefusalError``, in the API's error
shape: 400 for bad input.
"""


def control(method: str, path: str, controller: Controller) -> Route:
    """Return the route ``METHOD /sandbox{path}``.

    It needs no key. A POST must have the content type ``application/json``, which a browser does not let
    other sites send without permission.
    """
    return Route(f"/sandbox{path}", partial(_answer, controller), methods=[method])


def bad_input(message: str) -> RefusalError:
    """Return the 400 refusal of an invalid request."""
    return RefusalError(400, message, key="bad_request")


async def _answer(controller: Controller, request: Request) -> Response:
    try:
        control_request = Control(request.app.state.workspace, request.path_params, await _body(request))
        answer = await anyio.to_thread.run_sync(controller, control_request)
    except RefusalError as refusal:
        return _render(refusal.body(CURRENT), refusal.status)
    return Response(status_code=204) if answer is None else _render(answer, 200)


def _render(body: Any, status: int) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


async def _body(request: Request) -> JsonObject:
    if request.method != "POST":
        return {}
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise bad_input("Send a JSON object with Content-Type: application/json.")
    content = await read_body(request, LARGEST_BODY)
    if content is None:
        raise bad_input(f"The body is larger than the maximum of {LARGEST_BODY} bytes.")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise bad_input("The body is not JSON. Send a JSON object.") from error
    if not isinstance(body, dict):
        raise bad_input("The body is not a JSON object. Send one.")
    return cast("JsonObject", body)
