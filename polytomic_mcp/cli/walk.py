"""A walkthrough, walked: its steps taken by an MCP client, and what a person would do beside it."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import httpx
from mcp import Client
from mcp.types import TextContent

from polytomic_mcp.cli.consent import consent, fill_in
from polytomic_mcp.cli.masking import masked, masked_answer
from polytomic_mcp.cli.receiver import Receiver
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.cli.web import listening
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.server import build_server
from polytomic_mcp.settings import TOOLSETS, Secret, Settings
from polytomic_mcp.walkthroughs import ReferenceNotFoundError, Step, Table, Walkthrough, filled, text

_RUNS: Final = ("start_sync", "start_bulk_sync")
_CLOCK_SECONDS: Final = 60
_LOG_LINE: Final = {"row", "error"}


class WalkError(PolytomicError):
    """A step was refused, or brought nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a walk ended with: its last run, and the rows of each table."""

    execution: JsonObject | None
    tables: list[tuple[Table, list[JsonObject]]]

    @property
    def rows(self) -> dict[str, list[JsonObject]]:
        """The rows by the tables' names."""
        return {table.name: rows for table, rows in self.tables}


@dataclass(slots=True)
class Walk:
    """One walk: ``client`` takes the steps, ``settings`` say where the sandbox is.

    ``answers`` holds what the steps gave so far, by name.
    """

    client: Client
    screen: Screen
    settings: Settings
    answers: JsonObject = field(default_factory=dict[str, Any])
    execution: JsonObject | None = None
    tables: list[tuple[Table, list[JsonObject]]] = field(default_factory=list[tuple[Table, list[JsonObject]]])
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def take(self, walkthrough: Walkthrough, **given: Any) -> Outcome:
        """Take every step; ``given`` replaces what the walkthrough gives its steps.

        Raises:
            WalkError: A step was refused, or a run brought nothing.
            ConsentError: A page did not let the person through.
        """
        self.answers["given"] = {**walkthrough.given, **given}
        async with self._stack:
            for step in walkthrough.steps:
                await self._take(step)
        return Outcome(self.execution, self.tables)

    async def _take(self, step: Step) -> None:
        try:
            what = filled(step.what, self.answers)
            arguments = filled(step.arguments, self.answers)
            answer = await self._ways()[step.kind](step, what, arguments)
            self.answers["answer"] = answer
            if step.name:
                self.answers[step.name] = answer
            self._show(step, answer)
        except ReferenceNotFoundError as error:
            raise WalkError(f"{self._place(step)}: {error}") from error

    def _ways(self) -> Mapping[str, Callable[[Step, Any, JsonObject], Awaitable[Any]]]:
        return {
            "tool": self._call,
            "consent": self._consent,
            "connect": self._connect,
            "receive": self._receive,
            "received": self._received,
            "sign_in": self._sign_in,
            "clock": self._move_clock,
        }

    def _show(self, step: Step, answer: Any) -> None:
        if step.kind != "tool":
            self.screen.note(text(step.do, self.answers))
        else:
            line = text(step.shows, self.answers) if step.shows else "done"
            self.screen.result(masked_answer(step.what, answer), line)
        if step.what in _RUNS:
            self._require_rows(step, answer)
        for table in step.tables:
            rows, columns = filled([table.rows, table.columns], self.answers)
            shown = [_flat(row, columns) for row in rows]
            self.tables.append((replace(table, title=text(table.title, self.answers)), shown))

    async def _call(self, step: Step, tool: str, arguments: JsonObject) -> JsonObject:
        self.screen.step(text(step.do, self.answers), tool, masked(arguments))
        result = await self.client.call_tool(tool, arguments, progress_callback=self._progress)
        if result.is_error:
            words = " ".join(part.text for part in result.content if isinstance(part, TextContent))
            raise WalkError(f"{self._place(step)}: {tool} refused: {words}")
        return result.structured_content or {}

    async def _consent(self, step: Step, page: str, arguments: JsonObject) -> None:
        del step, arguments
        await consent(page)

    async def _connect(self, step: Step, page: str, arguments: JsonObject) -> JsonObject:
        del step
        return {"url": await fill_in(page, arguments)}

    async def _receive(self, step: Step, path: str, arguments: JsonObject) -> JsonObject:
        del step, arguments
        receiver = Receiver()
        server = self._stack.enter_context(listening(receiver.app))
        return {"url": f"{server.url}{path}", "receiver": receiver}

    async def _received(self, step: Step, receiver: Receiver, arguments: JsonObject) -> list[JsonObject]:
        requests = await receiver.wait_for(arguments["requests"])
        if len(requests) < arguments["requests"]:
            raise WalkError(f"{self._place(step)}: {len(requests)} of {arguments['requests']} requests came.")
        return requests

    async def _sign_in(self, step: Step, key: str, arguments: JsonObject) -> None:
        del step, arguments
        settings = replace(self.settings, api_key=Secret(key), toolsets=TOOLSETS)
        self.client = await self._stack.enter_async_context(Client(build_server(settings)))

    async def _move_clock(self, step: Step, duration: str, arguments: JsonObject) -> JsonObject:
        del arguments
        url = f"{self.settings.api_url}/sandbox/clock"
        async with httpx.AsyncClient(trust_env=False, timeout=_CLOCK_SECONDS) as client:
            answer = await client.post(url, json={"advance": duration})
        if not answer.is_success:
            raise WalkError(f"{self._place(step)}: the clock stayed where it was: {answer.text}")
        return answer.json()

    def _require_rows(self, step: Step, execution: JsonObject) -> None:
        """Hold a run to an end with rows.

        Raises:
            WalkError: It failed, it had no rows, or every row was refused.
        """
        self.execution = execution
        counts = execution.get("counts", {})
        reasons = " ".join(execution.get("errors") or [])
        if execution["status"] != "completed":
            raise WalkError(f"{self._place(step)}: the run ended {execution['status']}. {reasons}")
        if counts.get("total") == 0:
            raise WalkError("The query gave no rows, so there was nothing to bring.")
        if counts and counts.get("error") == counts.get("total"):
            raise WalkError(f"Every row of the query was refused. {reasons}")

    async def _progress(self, progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        self.screen.progress(message or "")

    def _place(self, step: Step) -> str:
        """Name the step that an error is about."""
        return (
            f"Step {len(self.screen.steps)}, {text(step.do, self.answers)}" if self.screen.steps else step.do
        )


def _flat(row: Any, columns: list[str] | None) -> JsonObject:
    """Name or choose the values of a row; a line of a log becomes its row, then why it was refused."""
    if isinstance(row, list):
        return dict(zip(columns or (), cast("list[Any]", row), strict=True))
    found: JsonObject = row["row"] | {"reason": row["error"]} if row.keys() == _LOG_LINE else row
    return found if columns is None else {name: found[name] for name in columns if name in found}
