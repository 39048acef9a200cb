"""Concurrent reads of several sources, eight at a time; a source that fails is reported, not raised."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Final, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from polytomic_mcp.common.spelling import shortened
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.api_access.responses import Items

IN_FLIGHT: Final = 8
"""The most concurrent requests of one tool call."""

_LONGEST_REASON: Final = 400

T = TypeVar("T")


class Unavailable(BaseModel):
    """A source that could not be read, or only in part; the answer lacks what it would have contributed."""

    source: str
    reason: str
    count: Annotated[int | None, Field(description="How many of its reads failed, if several")] = None


@dataclass(slots=True)
class Finding(Generic[T]):
    """What a source returned; None until it has been read, and if it could not be read."""

    value: T | None = None


@dataclass(slots=True)
class Gathering:
    """Reads sources concurrently. Each reader sends one request at a time.

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
        """The sources that failed, each once, with its first reason."""
        return list(self._failed.values())

    def refuse_if_partial(self, tool: str, found: str) -> None:
        """Refuse an answer that says that there is nothing if a source could not be read.

        Raises:
            ToolError: A source could not be read; ``found`` says what was found in the others.
        """
        if self.unavailable:
            why = "; ".join(f"{each.source}: {each.reason}" for each in self.unavailable)
            raise ToolError(f"{tool}: {found}, but not everything could be read. {why}")

    @asynccontextmanager
    async def together(self) -> AsyncGenerator["Reading"]:
        """Read the sources that are requested within the block; leaving it waits for all of them."""
        async with anyio.create_task_group() as group:
            yield Reading(self, group)

    async def read(self, source: str, reader: Callable[[], Awaitable[T]], finding: Finding[T]) -> None:
        """Read one source into a finding, or note why it failed."""
        async with self._limiter:
            try:
                finding.value = await reader()
            except (PolytomicError, ToolError) as error:
                self._note(source, str(error))
        if isinstance(finding.value, Items) and finding.value.remark:
            self._note(source, finding.value.remark.strip())

    def _note(self, source: str, reason: str) -> None:
        text = shortened(reason, _LONGEST_REASON)
        failed = self._failed.setdefault(source, Unavailable(source=source, reason=text))
        self._counts[source] += 1
        if self._counts[source] > 1:
            failed.count = self._counts[source]


@dataclass(frozen=True, slots=True)
class Reading:
    """Starts readers; call it with the source's name, which is used to report failures."""

    _gathering: Gathering
    _group: TaskGroup

    def __call__(self, source: str, reader: Callable[[], Awaitable[T]]) -> Finding[T]:
        """Start a reader; its finding is complete when the block ends."""
        finding = Finding[T]()
        self._group.start_soon(self._gathering.read, source, reader, finding)
        return finding
