"""Long work that a tool begins: what names it, and how it is looked at and stopped."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp.types import CallToolResult, ErrorData

from polytomic_mcp.tools.json_values import JsonObject

Status = Literal["working", "completed", "failed", "cancelled"]
Outcome = CallToolResult | ErrorData


@dataclass(frozen=True, slots=True)
class Work:
    """How one tool's work becomes a task that nobody here has to remember.

    ``at_once`` are arguments with which the tool begins and does not wait. ``ids`` names the parts of its
    structured answer that say which work it is; ``look`` and ``stop`` take them in this order. ``look``
    answers what the tool would answer now, or the JSON-RPC error in which the call ended. ``status`` and
    ``describe`` read such an answer. Work without ``stop`` cannot be stopped.
    """

    at_once: JsonObject
    ids: tuple[str, ...]
    look: Callable[..., Awaitable[Outcome]]
    status: Callable[[JsonObject], Status]
    describe: Callable[[JsonObject], str]
    stop: Callable[..., Awaitable[Any]] | None = None


Works = Mapping[str, Work]
"""Work by the name of the tool that begins it."""
