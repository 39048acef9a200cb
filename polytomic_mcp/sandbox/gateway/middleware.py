"""The middleware in front of the API: it applies the faults of each request, and records the request.

A request can select its own faults with one or more headers, ``X-Sandbox-Fault: status=503; when=after``,
and no others apply to it. On a request that starts an execution, ``slow`` and ``fail_at`` apply to that run.
"""

import time
from collections.abc import Iterable, Sequence
from email.utils import format_datetime
from typing import Final

import anyio
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import AnyFault, Fault, Latency, Outage, RequestFault, RunFault
from polytomic_mcp.sandbox.faults.reader import read_fault
from polytomic_mcp.sandbox.gateway.faults import apply_fault
from polytomic_mcp.sandbox.gateway.responses import render_refusal
from polytomic_mcp.sandbox.gateway.routing import Match, find_match, raw_path
from polytomic_mcp.sandbox.workspace.requests_seen import RequestSeen
from polytomic_mcp.sandbox.workspace.workspace import Workspace

HEADER: Final = "X-Sandbox-Fault"
BY_HEADER: Final = "header"
"""Recorded instead of a rule's id if a header asked for the fault."""

_STARTS: Final = ("POST /api/syncs/{id}/executions", "POST /api/bulk/syncs/{id}/executions")
_STANDING: Final = ("operations", "times", "after", "probability", "seed", "sync")
_LONGEST_PATH: Final = 500
_REFUSED: Final = 300


class FaultMiddleware:
    """The API as seen over an unreliable network: slow, broken or unreachable if a fault says so."""

    def __init__(self, api: ASGIApp, workspace: Workspace) -> None:
        self._api = api
        self._workspace = workspace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and record it, with the status that its caller saw.

        Raises:
            httpx.RemoteProtocolError: The fault breaks the connection, which the server cannot close.
        """
        request = Request(scope)
        exchange = Exchange(self._workspace, request, find_match(request), send)
        try:
            await self._serve(exchange.faults(), scope, receive, exchange.send)
        except RefusalError as refusal:
            await render_refusal(refusal, request)(scope, receive, exchange.send)
        finally:
            exchange.end()

    async def _serve(
        self, faults: Sequence[RequestFault], scope: Scope, receive: Receive, send: Send
    ) -> None:
        if seconds := sum(fault.latency for fault in faults if isinstance(fault, Latency)):
            await anyio.sleep(seconds)
        fault = next((fault for fault in faults if not isinstance(fault, Latency)), None)
        if fault is None:
            await self._api(scope, receive, send)
        else:
            await apply_fault(fault, self._api, scope, receive, send)


class Exchange:
    """A request and its answer; ``match`` is the operation it names, if any."""

    def __init__(self, workspace: Workspace, request: Request, match: Match | None, send: Send) -> None:
        self._workspace = workspace
        self._request = request
        self._match = match
        self._send = send
        self._time = workspace.now()
        self._begun = time.perf_counter()
        self._path = raw_path(request)
        self._status: int | None = None
        self._applied: tuple[str, ...] = ()
        self._of_run: list[str] = []
        self._is_recorded = False

    def faults(self) -> list[RequestFault]:
        """Return the faults that apply to the request: those of its headers, or else the active ones.

        Raises:
            RefusalError: 400, a header holds no valid fault.
        """
        if values := self._request.headers.getlist(HEADER):
            return self._from_headers(values)
        operation = self._match.operation.id if self._match else ""
        rules = self._workspace.faults.match_request((operation, f"{self._request.method} {self._path}"))
        self._applied = tuple(rule.id for rule in rules)
        return [rule.fault for rule in rules if isinstance(rule.fault, RequestFault)]

    async def send(self, message: Message) -> None:
        """Send a message to the caller, and remember the status.

        The request is recorded before the last message: a caller that has its answer finds it recorded.
        """
        if message["type"] == "http.response.start":
            self._status = message["status"]
            date = format_datetime(self._workspace.clock(), usegmt=True)
            message = {**message, "headers": [*message.get("headers", ()), (b"date", date.encode())]}
        elif not message.get("more_body"):
            self.end()
        await self._send(message)

    def end(self) -> None:
        """Record the request once, and remove the faults of a run that it did not start."""
        if self._is_recorded:
            return
        self._is_recorded = True
        for id_ in self._of_run:
            if self._status is None or self._status >= _REFUSED:
                self._workspace.faults.remove(id_)
        self._workspace.requests.add(
            RequestSeen(
                self._time,
                self._request.method,
                self._path[:_LONGEST_PATH],
                self._match.operation.id if self._match else None,
                self._status,
                round((time.perf_counter() - self._begun) * 1000, 3),
                self._applied,
            )
        )

    def _from_headers(self, values: Iterable[str]) -> list[RequestFault]:
        try:
            faults = [_read_header(value) for value in values]
            runs = [_bind(fault, self._match) for fault in faults if isinstance(fault, RunFault)]
            self._applied = (BY_HEADER,)
            self._of_run = [self._workspace.faults.add(fault).id for fault in runs]
        except ValueError as error:
            raise RefusalError(400, f"{HEADER}: {error}", key="bad_request") from error
        return [fault for fault in faults if isinstance(fault, RequestFault)]


def _read_header(value: str) -> AnyFault:
    fault = read_fault(value)
    if fault.kind == Outage.kind:
        raise ValueError("An outage lasts until it is removed. Use POST /sandbox/faults instead.")
    for name in fault.to_json():
        if name in _STANDING:
            raise ValueError(
                f"Option {name} is not allowed in a header, whose fault applies to this request once. "
                "Use POST /sandbox/faults instead."
            )
    return fault


def _bind(fault: RunFault, match: Match | None) -> Fault:
    """Return the fault limited to the run that the request starts."""
    if match is None or match.operation.id not in _STARTS:
        raise ValueError(f"The fault {fault.kind} applies to a run. Send it with {' or '.join(_STARTS)}.")
    return read_fault({**fault.to_json(), "sync": match.arguments["id"], "times": 1})
