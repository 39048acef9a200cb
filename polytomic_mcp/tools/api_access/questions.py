"""The questions that a client was asked and has not answered."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

_LIFETIME: Final = 600.0
"""Seconds after which a question without an answer is forgotten."""


@dataclass(slots=True)
class OpenQuestions:
    """What a caller's client was asked since it last answered anything.

    Since 2026-07-28 a question is the result of a call, and its answer comes with the next call. If a client
    fails to show its form, the server hears nothing. So a client that never answered and leaves a question
    open cannot be asked. One that has answered can: what it leaves open, a person has left open.

    A question counts as left open only for calls that began after it was asked. Otherwise two calls that are
    sent together, of which one confirms itself, would need no person.
    """

    _order: Iterator[int] = field(default_factory=count)
    _asked: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    _began: dict[object, int] = field(default_factory=dict[object, int])
    _has_answered: bool = False

    @contextmanager
    def during(self, call: object) -> Generator[None]:
        """Remember when a call began, as long as it runs."""
        self._began[call] = next(self._order)
        try:
            yield
        finally:
            del self._began[call]

    def ask(self, question: str, now: float) -> None:
        """Remember a question; ``now`` is in seconds, by the caller's ``now``."""
        self._asked = {text: asked for text, asked in self._asked.items() if asked[1] + _LIFETIME > now}
        self._asked[question] = (next(self._order), now)

    def answer(self) -> None:
        """Remember that the client answers."""
        self._has_answered = True
        self._asked.clear()

    def is_left_open(self, question: str, call: object, now: float) -> bool:
        """Return whether a client that never answered was asked this in the ten minutes before a call."""
        order, time = self._asked.get(question, (0, -_LIFETIME))
        return not self._has_answered and time + _LIFETIME > now and order < self._began[call]
