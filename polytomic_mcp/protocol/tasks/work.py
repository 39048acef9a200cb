"""Long work that a tool starts: its ids, and how to read its state and stop it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp.types import CallToolResult, ErrorData

from polytomic_mcp.common.json_values import JsonObject

Status = Literal["working", "completed", "failed", "cancelled"]
Outcome = CallToolResult | ErrorData


@dataclass(frozen=True, slots=True)
class Work:
    """How the work of one tool becomes a task without stored state.

    ``at_once`` are arguments with which the tool starts the work without waiting. ``ids`` names the members
    of its structured answer that identify the work. ``kept`` names arguments that affect the result,
    ``reads`` those with which the tool starts nothing.

    ``look`` takes the context, the ids and the kept arguments. It returns what the tool would return now, or
    the JSON-RPC error in which the call ended; it raises as a tool does. ``stop`` takes the context and the
    ids; it is None if the work cannot be stopped. ``status`` and ``describe`` read a structured answer.
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
        """Whether a call with these arguments starts work; null counts as omitted."""
        return all(arguments.get(name) is None for name in self.reads)


Works = Mapping[str, Work]
"""Work by the name of the tool that starts it."""
