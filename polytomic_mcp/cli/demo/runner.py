"""Runs a guide on the sandbox: an MCP client calls its tools, and the demo plays the person between calls."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import httpx
from mcp import Client
from mcp.types import TextContent

from polytomic_mcp.cli.demo.consent import consent, fill_in
from polytomic_mcp.cli.demo.masking import masked, masked_answer
from polytomic_mcp.cli.demo.receiver import Receiver
from polytomic_mcp.cli.demo.screen import Screen
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.guides import Guide, ReferenceNotFoundError, Step, Table, as_text, fill, without_empty
from polytomic_mcp.server import build_server
from polytomic_mcp.settings import TOOLSETS, Secret, Settings

_RUNS: Final = ("start_sync", "start_bulk_sync")
_CLOCK_SECONDS: Final = 60
_LOG_LINE: Final = {"row", "error"}


class StepError(PolytomicError):
    """A step of a guide failed; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a guide: its last run, None if it ran no sync, and the rows of each table."""

    execution: JsonObject | None
    tables: list[tuple[Table, list[JsonObject]]]

    @property
    def rows(self) -> dict[str, list[JsonObject]]:
        """The rows by the names of the tables."""
        return {table.name: rows for table, rows in self.tables}


@dataclass(slots=True)
class Runner:
    """Runs one guide with ``client``; ``settings`` say where the sandbox is.

    ``answers`` holds the answers of the steps so far, by the names of the steps.
    """

    client: Client
    screen: Screen
    settings: Settings
    answers: JsonObject = field(default_factory=dict[str, Any])
    values: dict[str, str] = field(default_factory=dict[str, str])
    execution: JsonObject | None = None
    tables: list[tuple[Table, list[JsonObject]]] = field(default_factory=list[tuple[Table, list[JsonObject]]])
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def run(self, guide: Guide, **values: str) -> Outcome:
        """Run the demo's steps; ``values`` replace the demo's values of the guide's arguments.

        Raises:
            StepError: A step failed, or a run moved no rows.
            ConsentError: A page of the sandbox could not be used.
        """
        defaults = {name: argument.demo_value for name, argument in guide.arguments.items()}
        self.values = defaults | values
        async with self._stack:
            for step in guide.steps_of("demo"):
                await self._run_step(step)
        return Outcome(self.execution, self.tables)

    async def _run_step(self, step: Step) -> None:
        try:
            answer = await self._act(step)
            self.answers["answer"] = answer
            if step.name:
                self.answers[step.name] = answer
            self._show(step, answer)
        except ReferenceNotFoundError as error:
            raise StepError(f"{self._place(step)}: {error}") from error

    async def _act(self, step: Step) -> Any:
        """Do what the step says, and return the answer."""
        actions: Mapping[str | None, Callable[[Step, Any, JsonObject], Awaitable[Any]]] = {
            "tool": self._call,
            "consent": self._consent,
            "fill_in": self._fill_in,
            "receive": self._receive,
            "received": self._received,
            "sign_in": self._sign_in,
            "clock": self._move_clock,
        }
        subject = fill(step.subject, self.answers, self.values)
        arguments = without_empty(fill({**step.arguments, **step.demo}, self.answers, self.values))
        return await actions[step.action](step, subject, arguments)

    def _show(self, step: Step, answer: Any) -> None:
        if step.tool:
            line = self._text(step.shows) if step.shows else "done"
            self.screen.result(masked_answer(step.tool, answer), line)
        else:
            self.screen.note(f"{self._text(step.do)}.")
        if step.tool in _RUNS:
            self._require_rows(step, answer)
        for table in step.tables:
            rows, columns = fill([table.rows, table.columns], self.answers, self.values)
            shown = [_flat(row, columns) for row in rows]
            self.tables.append((replace(table, title=self._text(table.title)), shown))

    async def _call(self, step: Step, tool: str, arguments: JsonObject) -> JsonObject:
        self.screen.step(self._text(step.do), tool, masked(arguments))
        result = await self.client.call_tool(tool, arguments, progress_callback=self._progress)
        if result.is_error:
            text = " ".join(part.text for part in result.content if isinstance(part, TextContent))
            raise StepError(f"{self._place(step)}: {tool} failed: {text}")
        return result.structured_content or {}

    async def _consent(self, step: Step, page: str, arguments: JsonObject) -> None:
        del step, arguments
        await consent(page)

    async def _fill_in(self, step: Step, page: str, arguments: JsonObject) -> JsonObject:
        del step
        return {"url": await fill_in(page, arguments)}

    async def _receive(self, step: Step, path: str, arguments: JsonObject) -> JsonObject:
        del step, arguments
        receiver = Receiver()
        server = self._stack.enter_context(listening(receiver.app))
        return {"url": f"{server.url}{path}", "receiver": receiver}

    async def _received(self, step: Step, receiver: Receiver, arguments: JsonObject) -> list[JsonObject]:
        expected = arguments["requests"]
        requests = await receiver.wait_for(expected)
        if len(requests) < expected:
            raise StepError(f"{self._place(step)}: {len(requests)} of {expected} requests arrived.")
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
            raise StepError(f"{self._place(step)}: the clock was not moved: {answer.text}")
        return answer.json()

    def _require_rows(self, step: Step, execution: JsonObject) -> None:
        """Require that a run completed and moved rows.

        Raises:
            StepError: It failed, it had no rows, or every row was refused.
        """
        self.execution = execution
        counts = execution.get("counts", {})
        reasons = " ".join(execution.get("errors") or [])
        if execution["status"] != "completed":
            raise StepError(f"{self._place(step)}: the run ended as {execution['status']}. {reasons}")
        if counts.get("total") == 0:
            raise StepError("The query returned no rows, so there was nothing to sync.")
        if counts and counts.get("error") == counts.get("total"):
            raise StepError(f"Every row of the query was refused. {reasons}")

    async def _progress(self, progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        self.screen.progress(message or "")

    def _place(self, step: Step) -> str:
        """Name the step that an error is about."""
        number = len(self.screen.steps)
        return f"Step {number}, {self._text(step.do)}" if step.tool and number else step.do

    def _text(self, template: str) -> str:
        return as_text(template, self.answers, self.values)


def _flat(row: Any, columns: list[str] | None) -> JsonObject:
    """Return a row as an object of the wanted columns; a log line becomes its row and the reason."""
    if isinstance(row, list):
        return dict(zip(columns or (), cast("list[Any]", row), strict=True))
    found: JsonObject = row["row"] | {"reason": row["error"]} if row.keys() == _LOG_LINE else row
    return found if columns is None else {name: found[name] for name in columns if name in found}
