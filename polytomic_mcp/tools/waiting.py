"""Waiting for work that Polytomic does on its own time, with progress while it lasts."""

from collections.abc import Awaitable, Callable
from typing import Final

from mcp.server.mcpserver import Context

from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.json_values import JsonObject

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 5.0
_SLOWING: Final = 1.3


async def wait(
    caller: Caller,
    context: Context[Caller],
    look: Callable[[], Awaitable[JsonObject]],
    *,
    is_over: Callable[[JsonObject], bool],
    describe: Callable[[JsonObject], str],
    seconds: float,
) -> JsonObject:
    """Look until it is over or ``seconds`` have passed; return what was seen last.

    At most one look a second, slowing down; each is reported as progress, in seconds waited.
    """
    start = caller.now()
    pause = _FIRST_PAUSE
    while True:
        seen = await look()
        waited = caller.now() - start
        if is_over(seen) or waited >= seconds:
            return seen
        await context.report_progress(waited, seconds, describe(seen))
        await caller.sleep(min(pause, seconds - waited))
        pause = min(pause * _SLOWING, _LONGEST_PAUSE)
