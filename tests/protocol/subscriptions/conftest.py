"""What those who follow executions share: a clock with many sleepers, and a client's inbox."""

from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp.types import ResourceUpdatedNotification


class Time:
    """A clock on which many sleep at once; it goes on from alarm to alarm, and only when told to."""

    def __init__(self) -> None:
        self.time = 0.0
        self._alarms: list[tuple[float, int, anyio.Event]] = []
        self._count = count()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        alarm = anyio.Event()
        heappush(self._alarms, (self.time + seconds, next(self._count), alarm))
        await alarm.wait()

    async def go_on(self, until: float) -> None:
        await let_others()
        while self._alarms and self._alarms[0][0] <= until:
            self.time, _, alarm = heappop(self._alarms)
            alarm.set()
            await let_others()
        self.time = until


class Inbox:
    """What a client of the older era is told."""

    def __init__(self) -> None:
        self.uris: list[str] = []
        self._arrived = anyio.Event()

    async def __call__(self, message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            self.uris.append(str(message.params.uri))
            self._arrived.set()
            self._arrived = anyio.Event()

    async def wait_for(self, count: int) -> None:
        with anyio.fail_after(5):
            while len(self.uris) < count:
                await self._arrived.wait()


async def let_others() -> None:
    for _ in range(100):
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def let_others_run() -> Callable[[], Awaitable[None]]:
    return let_others


@pytest.fixture
def alarms() -> Time:
    return Time()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def other_inbox() -> Inbox:
    return Inbox()
