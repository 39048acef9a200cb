"""The questions that a client was asked and has not answered."""

from dataclasses import dataclass, field
from typing import Final

_LIFETIME: Final = 600.0
"""Seconds after which a question without an answer is forgotten."""


@dataclass(slots=True)
class OpenQuestions:
    """What a caller's client was asked since it last answered anything.

    Since 2026-07-28 a question is the result of a call, and its answer comes with the next call. If a client
    fails to show its form, the server hears nothing. So a client that never answered and leaves a question
    open cannot be asked. One that has answered can: what it leaves open, a person has left open.
    """

    _asked: dict[str, float] = field(default_factory=dict[str, float])
    _has_answered: bool = False

    def ask(self, question: str, now: float) -> None:
        """Remember a question; ``now`` is in seconds, by the caller's ``now``."""
        self._asked = {text: time for text, time in self._asked.items() if time + _LIFETIME > now}
        self._asked[question] = now

    def answer(self) -> None:
        """Remember that the client answers."""
        self._has_answered = True
        self._asked.clear()

    def is_left_open(self, question: str, now: float) -> bool:
        """Return whether a client that never answered was asked this question in the last ten minutes."""
        asked = self._asked.get(question)
        return not self._has_answered and asked is not None and asked + _LIFETIME > now
