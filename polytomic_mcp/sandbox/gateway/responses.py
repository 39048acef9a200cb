"""How a route's answer or a refusal becomes an HTTP response."""

import json
import logging
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from polytomic_mcp.sandbox.calls.call import Answer
from polytomic_mcp.sandbox.calls.versions import CURRENT, HEADER
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.gateway.versions import served_version

_LOG: Final = logging.getLogger(__name__)


def render(answer: Answer) -> Response:
    """Return the response for an answer; an answer without a body has an empty one."""
    content = b"" if answer.body is None else json.dumps(answer.body, allow_nan=False).encode()
    media_type = None if answer.body is None else "application/json"
    return Response(content, answer.status, dict(answer.headers), media_type)


def render_refusal(refusal: RefusalError, request: Request) -> Response:
    """Return the response for a refusal, in the shape of the version that the request names."""
    try:
        version = served_version(request.headers.get(HEADER))
    except RefusalError:
        version = CURRENT
    return render(refusal_answer(refusal, version))


def as_answer(result: Any) -> Answer:
    """Return what a route returned as an ``Answer``."""
    return result if isinstance(result, Answer) else Answer(result)


def refusal_answer(error: Exception, version: str) -> Answer:
    """Return the answer for a refusal; any other exception becomes a 500 that reveals nothing about it."""
    if not isinstance(error, RefusalError):
        _LOG.debug("The sandbox failed", exc_info=error)
        error = RefusalError(
            500, "Internal error in the sandbox. This is a bug in the sandbox.", key="internal_error"
        )
    return Answer(error.body(version), error.status, error.headers)
