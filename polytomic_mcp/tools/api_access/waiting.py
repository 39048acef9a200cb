"""Waiting for work in Polytomic, with progress reports."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import NoAnswerError, PolytomicError, RefusedError
from polytomic_mcp.tools.api_access.caller import Caller

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 5.0
_SLOWING: Final = 1.3
_HEARTBEAT: Final = 10.0
_STEP: Final = 0.001
_LONGEST_MESSAGE: Final = 1_000
_TEMPORARY: Final = frozenset({429, 502, 503, 504})


@dataclass(slots=True)
class _Wait:
    """One caller's wait: how long it has lasted, and its progress, which never decreases."""

    caller: Caller
    context: Context[Caller]
    seconds: float
    state: str
    start: float = field(init=False)
    progress: float = field(init=False, default=-_STEP)

    def __post_init__(self) -> None:
        self.start = self.caller.now()

    @property
    def waited(self) -> float:
        return self.caller.now() - self.start

    async def report(self, message: str) -> None:
        self.progress = max(self.waited, self.progress + _STEP)
        shown = message[:_LONGEST_MESSAGE]
        await self.context.report_progress(self.progress, max(self.seconds, self.progress), shown)

    async def report_every(self, seconds: float) -> None:
        while True:
            await anyio.sleep(seconds)
            await self.report(f"{self.state}; Polytomic has not answered since")


async def wait(
    caller: Caller,
    context: Context[Caller],
    look: Callable[[], Awaitable[JsonObject]],
    *,
    is_over: Callable[[JsonObject], bool],
    describe: Callable[[JsonObject], str],
    seconds: float | None = None,
    known: JsonObject | None = None,
    heartbeat: float = _HEARTBEAT,
) -> JsonObject:
    """Call ``look`` until its result is over or ``seconds`` have passed; return the last result.

    ``seconds`` count within the time of the call, and are by default what is left of it (``CallTime.grant``).
    ``known`` is the state before the first look, such as the answer that started the work.

    There is at most one look per second, then fewer, and none before a refusal's Retry-After; the client does
    the same if it repeats a look itself. Each look is reported as progress, in seconds waited; during a look,
    progress is reported every ``heartbeat`` seconds of real time. A look that fails for a temporary reason is
    repeated while time is left.

    Raises:
        PolytomicError: A look failed permanently, or none succeeded in time and there is no ``known`` state.
    """
    granted = caller.time.grant(seconds)
    waiting = _Wait(caller, context, granted, describe(known) if known else "not seen yet")
    return await _follow(waiting, look, is_over, describe, known, heartbeat)


async def _follow(
    waiting: _Wait,
    look: Callable[[], Awaitable[JsonObject]],
    is_over: Callable[[JsonObject], bool],
    describe: Callable[[JsonObject], str],
    seen: JsonObject | None,
    heartbeat: float,
) -> JsonObject:
    pause = _FIRST_PAUSE
    while True:
        outcome = await _look(waiting, look, heartbeat)
        if isinstance(outcome, dict):
            seen, waiting.state = outcome, describe(outcome)
        left = waiting.seconds - waiting.waited
        asked = retry_after(outcome)
        has_time = left >= max(_FIRST_PAUSE, asked)
        if seen is not None and (not has_time or (outcome is seen and is_over(seen))):
            return seen
        if isinstance(outcome, Exception):
            if not has_time:
                raise outcome
            await waiting.report(f"{waiting.state}; trying again: {outcome}")
        else:
            await waiting.report(waiting.state)
        due = max(pause, asked)
        await waiting.caller.sleep(due if left - due >= _FIRST_PAUSE else left)
        pause = min(pause * _SLOWING, _LONGEST_PAUSE)


async def _look(
    waiting: _Wait, look: Callable[[], Awaitable[JsonObject]], heartbeat: float
) -> JsonObject | PolytomicError:
    """Look once and report progress meanwhile; return the result, or the error if it is temporary."""
    seen: JsonObject = {}
    failure: PolytomicError | ToolError | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(waiting.report_every, heartbeat)
        try:
            seen = await look()
        except (PolytomicError, ToolError) as error:
            failure = error  # raised below: the group would wrap it
        group.cancel_scope.cancel()
    if failure is None:
        return seen
    if isinstance(failure, PolytomicError) and _is_temporary(failure):
        return failure
    raise failure


def retry_after(outcome: object) -> float:
    """Return the seconds to wait that a refusal asks for; 0 if it does not."""
    return (outcome.retry_after or 0.0) if isinstance(outcome, RefusedError) else 0.0


def _is_temporary(error: PolytomicError) -> bool:
    """Return whether a later look may succeed; the client has already repeated this one."""
    return isinstance(error, NoAnswerError) or (
        isinstance(error, RefusedError) and error.status in _TEMPORARY
    )
