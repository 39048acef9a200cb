"""Who may use what lies outside the API: no web site that a browser on this machine happens to show.

A site can point a name of its own at this machine (DNS rebinding), or let a browser send a form here. So the
host of a request under ``/sandbox`` must be one that no site can have: an address, a name without a dot such
as ``localhost``, the host that the sandbox was told to serve, or the one that the connection came to, which
in the same process is that of the client's base URL. A request that a page sends must come from the same
host, or from this machine. Starlette's ``TrustedHostMiddleware`` knows names only, and no ``Origin``.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from polytomic_mcp.sandbox.calls.call import Answer
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.gateway.responses import render


class Guard:
    """Middleware that refuses requests under ``/sandbox`` on behalf of other sites.

    ``app.state.host`` is the host that the sandbox was told to serve, if any.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer 421 for the name and 403 for the page of another site."""
        try:
            if scope["type"] == "http" and scope["path"].startswith("/sandbox/"):
                _require_own(HTTPConnection(scope))
        except RefusalError as refusal:
            response = render(Answer(refusal.body(CURRENT), refusal.status))
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _require_own(request: HTTPConnection) -> None:
    host = _hostname(f"//{request.headers.get('Host', '')}")
    connected, _ = request.scope.get("server") or ("", None)
    served = getattr(request.app.state, "host", "")
    if host not in {connected.casefold(), served.casefold()} and not _is_unclaimed(host):
        raise RefusalError(
            421,
            "This name may belong to another site. Use the sandbox's address, such as http://127.0.0.1, or "
            "start it with --host and this name.",
            key="misdirected_request",
        )
    origin = request.headers.get("Origin")
    if origin is not None and not _is_own(_hostname(origin), host):
        raise RefusalError(
            403,
            "A page of another site sent this request. Send it from a page of the sandbox, or without a "
            "browser.",
            key="forbidden",
        )


def _is_own(sender: str, host: str) -> bool:
    """Return whether a page of this host may send requests; ``null`` as an origin has none."""
    return bool(sender) and (sender == host or _is_loopback(sender))


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return "."


def _is_unclaimed(host: str) -> bool:
    return "." not in host or host.endswith(".localhost") or _address(host) is not None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
