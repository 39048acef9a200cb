"""A task: what a person asks, what there is at the start, and how it should end."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from scripts.everyday_tasks.agent import Agent
from scripts.everyday_tasks.world import World

Check = Callable[["Trial"], Awaitable[None]]


@dataclass
class Trial:
    """One attempt at a task: its world, what the start left behind, and the agent, once there is one.

    What is entered on the ``stack`` lasts until the task ends.
    """

    world: World
    stack: AsyncExitStack
    left: dict[str, Any] = field(default_factory=dict[str, Any])
    agent: Agent | None = None

    @property
    def said(self) -> str:
        """All answers that the agent got."""
        return self.agent.said if self.agent else ""


@dataclass(frozen=True)
class Task:
    """A task, in a person's words. ``ideal`` is the number of calls of an agent who knows the tools well.

    ``start`` prepares the world, ``end`` raises ``NotDoneError`` if it is not as it should be. ``toolsets``
    are those that the server shows.
    """

    number: int
    words: str
    ideal: int
    start: Check
    end: Check
    toolsets: str = "default"


async def nothing(_trial: Trial) -> None:
    """Start with an empty organization."""
