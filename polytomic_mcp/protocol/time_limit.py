"""The time limit of requests: a host that waits for an answer gives up after a minute."""

from dataclasses import replace
from typing import Any, Final

from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR

from polytomic_mcp.tools.api_access.call_time import CallTime

_LASTING: Final = "subscriptions/listen"
_LIMITS_ITSELF: Final = "tools/call"


class TimeLimit:
    """A middleware that gives every request a caller with a ``CallTime`` of its own.

    A tool's call runs its time itself (``tools/framework/calls.py``): its answer is a result, not an error of
    the protocol. A subscription lasts as long as its client listens.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Serve one request.

        Raises:
            MCPError: It took too long.
        """
        if ctx.method == _LASTING or ctx.request_id is None:
            return await call_next(ctx)
        time = CallTime.begin(self._seconds, ctx.lifespan_context.now)
        timed = replace(ctx, lifespan_context=replace(ctx.lifespan_context, time=time))
        if ctx.method == _LIMITS_ITSELF:
            return await call_next(timed)
        with time.running():
            return await call_next(timed)
        raise MCPError(
            INTERNAL_ERROR, f"{ctx.method} was not answered within {self._seconds:g} s. Call again."
        )
