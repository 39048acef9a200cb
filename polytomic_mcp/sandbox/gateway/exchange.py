"""One request while it is served: the faults that strike it, and what will be told of it."""

import time
from typing import Final

from starlette.requests import Request
from starlette.types import Message, Send

from polytomic_mcp.sandbox.api.router import Match, raw_path
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import Fault
from polytomic_mcp.sandbox.gateway.faults.header import HEADER, read_header
from polytomic_mcp.sandbox.workspace.requests_seen import RequestSeen
from polytomic_mcp.sandbox.workspace.workspace import Workspace

BY_HEADER: Final = "header"
"""Stands for a rule's id where a header asked for the fault."""

_LONGEST_PATH: Final = 500
_REFUSED: Final = 300


class Exchange:
    """A request and its answer; ``match`` is the operation it names, if it names one."""

    def __init__(self, workspace: Workspace, request: Request, match: Match | None, send: Send) -> None:
        self._workspace = workspace
        self._request = request
        self._match = match
        self._send = send
        self._time = workspace.now()
        self._begun = time.perf_counter()
        self._status: int | None = None
        self._applied: tuple[str, ...] = ()
        self._of_run: list[str] = []

    def faults(self) -> list[Fault]:
        """Return what strikes the request: what its headers ask for, or else what stands.

        Raises:
            RefusalError: 400, a header cannot be meant.
        """
        if values := self._request.headers.getlist(HEADER):
            return self._asked(values)
        operation = self._match.operation.id if self._match else ""
        rules = self._workspace.faults.of_request((operation, f"{self._request.method} {self._path}"))
        self._applied = tuple(rule.id for rule in rules)
        return [rule.fault for rule in rules]

    async def send(self, message: Message) -> None:
        """Send on to the caller."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
        await self._send(message)

    def end(self) -> None:
        """Tell of the request; faults of a run that it did not start are lifted."""
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

    def _asked(self, values: list[str]) -> list[Fault]:
        asked = read_header(values, self._match)
        self._applied = (BY_HEADER,)
        try:
            self._of_run = [self._workspace.faults.add(fault).id for fault in asked.of_run]
        except ValueError as error:
            raise RefusalError(400, str(error), key="bad_request") from error
        return list(asked.of_request)

    @property
    def _path(self) -> str:
        return raw_path(self._request)
