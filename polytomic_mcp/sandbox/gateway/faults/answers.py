"""What a fault answers with: an error in the API's own shape, or a page of somebody in between."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from polytomic_mcp.sandbox.api.call import Answer
from polytomic_mcp.sandbox.api.versions import CURRENT, served_version
from polytomic_mcp.sandbox.api.versions import HEADER as VERSION_HEADER
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import Fault
from polytomic_mcp.sandbox.gateway.dispatch import render

EXPIRED: Final = 401
_TOO_MANY: Final = 429

_PAGE: Final = (
    "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
    "<p>A proxy between you and the sandbox wrote this page, as a fault asked.</p>\n</body>\n</html>\n"
)


def refusal(fault: Fault) -> RefusalError:
    """Return the error that a ``status`` or an ``expired_key`` is answered with."""
    if fault.kind == "expired_key":
        return RefusalError(
            EXPIRED,
            "The API key has expired, as a fault asked.",
            key="unauthorized",
            headers={"WWW-Authenticate": "Bearer"},
        )
    phrase = HTTPStatus(fault.value).phrase
    key = "rate_limited" if fault.value == _TOO_MANY else "fault"
    return RefusalError(fault.value, f"{phrase}, as a fault asked.", key=key, headers=_headers(fault))


def rendered(error: RefusalError, request: Request) -> Response:
    """Render an error in the shape of the version the request asks for."""
    try:
        version = served_version(request.headers.get(VERSION_HEADER))
    except RefusalError:
        version = CURRENT
    return render(Answer(error.body(version), error.status, error.headers))


def proxy_page(status: int) -> Response:
    """Return the page of a proxy: HTML where JSON should be."""
    title = "Please wait" if status == HTTPStatus.OK else f"{status} {HTTPStatus(status).phrase}"
    return HTMLResponse(_PAGE.format(title=title), status)


def _headers(fault: Fault) -> dict[str, str]:
    return {} if fault.wait is None else {"Retry-After": f"{fault.wait:g}"}
