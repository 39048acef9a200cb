"""Waiting for work that Polytomic does on its own time, with progress while it lasts."""

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
_LAST_WORD: Final = 0.2
_STEP: Final = 0.001
_PASSING: Final = frozenset({429, 502, 503, 504})


@dataclass(slots=True)
class _Wait:
    """One caller's wait: how long it has lasted, and what is told of it. The value told always grows."""

    caller: Caller
    context: Context[Caller]
    seconds: float
    state: str
    start: float = field(init=False)
    told: float = field(init=False, default=-_STEP)

    def __post_init__(self) -> None:
        self.start = self.caller.now()

    @property
    def waited(self) -> float:
        return self.caller.now() - self.start

    async def tell(self, message: str) -> None:
        self.told = max(self.waited, self.told + _STEP)
        await self.context.report_progress(self.told, max(self.seconds, self.told), message)

    async def beat(self, every: float) -> None:
        while True:
            await anyio.sleep(every)
            await self.tell(f"{self.state}; Polytomic has not answered since")


async def wait(
    caller: Caller,
    context: Context[Caller],
    look: Callable[[], Awaitable[JsonObject]],
    *,
    is_over: Callable[[JsonObject], bool],
    describe: Callable[[JsonObject], str],
    seconds: float,
    known: JsonObject | None = None,
    heartbeat: float = _HEARTBEAT,
) -> JsonObject:
    """Look until it is over or ``seconds`` have passed; return what was seen last.

    ``known`` is what is known before the first look, such as the answer that began the work.

    At most one look a second, slowing down, and none sooner than a refusal asks for; the client holds to the
    same where it repeats a look itself. Each look is reported as progress, in seconds waited, and so is every
    ``heartbeat`` real seconds that one takes. A look that fails for a passing reason ends nothing while time
    is left.

    Raises:
        PolytomicError: A look failed for good, or none succeeded in time and nothing was known.
    """
    waiting = _Wait(caller, context, seconds, describe(known) if known else "not seen yet")
    try:
        return await _follow(waiting, look, is_over, describe, known, heartbeat)
    except anyio.get_cancelled_exc_class():
        # The caller may be gone or not reading; the work's end must not hang on that.
        with anyio.move_on_after(_LAST_WORD, shield=True):
            await waiting.tell(f"No longer waited for; it goes on at Polytomic (last seen: {waiting.state})")
        raise


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
            await waiting.tell(f"{waiting.state}; looking again, as {outcome}")
        else:
            await waiting.tell(waiting.state)
        due = max(pause, asked)
        await waiting.caller.sleep(due if left - due >= _FIRST_PAUSE else left)
        pause = min(pause * _SLOWING, _LONGEST_PAUSE)


async def _look(
    waiting: _Wait, look: Callable[[], Awaitable[JsonObject]], heartbeat: float
) -> JsonObject | PolytomicError:
    """Look once, with a heartbeat as long as it takes; return what was seen, or why it failed in passing."""
    seen: JsonObject = {}
    failure: PolytomicError | ToolError | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(waiting.beat, heartbeat)
        try:
            seen = await look()
        except (PolytomicError, ToolError) as error:
            failure = error  # raised below: the group would wrap it
        group.cancel_scope.cancel()
    if failure is None:
        return seen
    if isinstance(failure, PolytomicError) and _is_passing(failure):
        return failure
    raise failure


def retry_after(outcome: object) -> float:
    """Return the seconds after which a refusal wants the next look; 0 where nothing was asked."""
    return (outcome.retry_after or 0.0) if isinstance(outcome, RefusedError) else 0.0


def _is_passing(error: PolytomicError) -> bool:
    """Whether a later look may well succeed; the client has repeated this one already."""
    return isinstance(error, NoAnswerError) or (isinstance(error, RefusedError) and error.status in _PASSING)
