"""Long work that a tool begins: what names it, and how it is looked at and stopped."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp.types import CallToolResult, ErrorData

from polytomic_mcp.common.json_values import JsonObject

Status = Literal["working", "completed", "failed", "cancelled"]
Outcome = CallToolResult | ErrorData


@dataclass(frozen=True, slots=True)
class Work:
    """How one tool's work becomes a task that nobody here has to remember.

    ``at_once`` are arguments with which the tool begins and does not wait. ``ids`` names the parts of its
    structured answer that say which work it is. ``kept`` names arguments that shape the result, ``reads``
    those with which the tool begins nothing.

    ``look`` takes the context, the ids and what was kept. It answers what the tool would answer now, or the
    JSON-RPC error in which the call ended; it raises as a tool does. ``stop`` takes the context and the ids;
    work without it cannot be stopped. ``status`` and ``describe`` read a structured answer.
    """

    at_once: JsonObject
    ids: tuple[str, ...]
    look: Callable[..., Awaitable[Outcome]]
    status: Callable[[JsonObject], Status]
    describe: Callable[[JsonObject], str]
    stop: Callable[..., Awaitable[Any]] | None = None
    kept: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()

    def begins(self, arguments: JsonObject) -> bool:
        """Whether a call with these arguments begins work; null means not given."""
        return all(arguments.get(name) is None for name in self.reads)


Works = Mapping[str, Work]
"""Work by the name of the tool that begins it."""
