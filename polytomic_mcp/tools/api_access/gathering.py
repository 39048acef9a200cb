"""Many sources read at the same time: eight at most, and one that fails is named, not raised."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Final, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from polytomic_mcp.errors import PolytomicError

IN_FLIGHT: Final = 8
"""How many requests one call of a tool has under way at most."""

_LONGEST_REASON: Final = 300

T = TypeVar("T")


class Unavailable(BaseModel):
    """A source that could not be read; the answer is without what it would have said."""

    source: str
    reason: str
    count: Annotated[int | None, Field(description="How many reads of it failed, if several")] = None


@dataclass(slots=True)
class Finding(Generic[T]):
    """What a source said; None until it was read, and where it could not be."""

    value: T | None = None


@dataclass(slots=True)
class Gathering:
    """Reads sources side by side. Each reader makes one request at a time.

    ::

        gathering = Gathering()
        async with gathering.together() as read:
            status = read("status", lambda: data_of(api, ...))
            events = read("events", lambda: ...)
        status.value, gathering.unavailable
    """

    _limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(IN_FLIGHT))
    _failed: dict[str, Unavailable] = field(default_factory=dict[str, Unavailable])
    _counts: Counter[str] = field(default_factory=Counter[str])

    @property
    def unavailable(self) -> list[Unavailable]:
        """What failed, one entry a source, with the first reason it gave."""
        return list(self._failed.values())

    @asynccontextmanager
    async def together(self) -> AsyncGenerator["Reading"]:
        """Read all that is asked for within the block; its end waits for the last answer."""
        async with anyio.create_task_group() as group:
            yield Reading(self, group)

    async def look(self, source: str, reader: Callable[[], Awaitable[T]], finding: Finding[T]) -> None:
        """Read one source into a finding, or note why that failed."""
        async with self._limiter:
            try:
                finding.value = await reader()
            except (PolytomicError, ToolError) as error:
                self._note(source, str(error))

    def _note(self, source: str, reason: str) -> None:
        failed = self._failed.setdefault(source, Unavailable(source=source, reason=reason[:_LONGEST_REASON]))
        self._counts[source] += 1
        if self._counts[source] > 1:
            failed.count = self._counts[source]


@dataclass(frozen=True, slots=True)
class Reading:
    """Starts readers; call it with a source's name, under which its failures are told."""

    _gathering: Gathering
    _group: TaskGroup

    def __call__(self, source: str, reader: Callable[[], Awaitable[T]]) -> Finding[T]:
        """Start a reader; its finding is complete at the end of the block."""
        finding = Finding[T]()
        self._group.start_soon(self._gathering.look, source, reader, finding)
        return finding
