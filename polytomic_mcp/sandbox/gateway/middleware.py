"""The middleware before the API: the faults a request meets on its way, and the list of the requests seen."""

from collections.abc import Sequence

import anyio
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from polytomic_mcp.catalogue import Catalogue
from polytomic_mcp.sandbox.api.router import Match, Router, raw_path
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import Fault
from polytomic_mcp.sandbox.gateway.exchange import Exchange
from polytomic_mcp.sandbox.gateway.faults.answers import rendered
from polytomic_mcp.sandbox.gateway.faults.applying import apply_fault
from polytomic_mcp.sandbox.workspace.workspace import Workspace


class FaultMiddleware:
    """The API as a network shows it: late, broken or not at all, where somebody asked for that."""

    def __init__(self, api: ASGIApp, workspace: Workspace, catalogue: Catalogue) -> None:
        self._api = api
        self._workspace = workspace
        self._router = Router(catalogue.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and note it, with the status its caller got to see.

        Raises:
            httpx.RemoteProtocolError: The connection is to break, and no server can close it.
        """
        request = Request(scope)
        exchange = Exchange(self._workspace, request, self._match(request), send)
        try:
            await self._serve(exchange.faults(), scope, receive, exchange.send)
        except RefusalError as refusal:
            await rendered(refusal, request)(scope, receive, exchange.send)
        finally:
            exchange.end()

    async def _serve(self, faults: Sequence[Fault], scope: Scope, receive: Receive, send: Send) -> None:
        if seconds := sum(fault.value for fault in faults if fault.kind == "latency"):
            await anyio.sleep(seconds)
        fault = next((fault for fault in faults if fault.kind != "latency"), None)
        if fault is None:
            await self._api(scope, receive, send)
        else:
            await apply_fault(fault, self._api, scope, receive, send)

    def _match(self, request: Request) -> Match | None:
        try:
            return self._router.match(request.method, raw_path(request))
        except RefusalError:
            return None
