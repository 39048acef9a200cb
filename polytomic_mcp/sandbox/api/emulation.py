"""How much of the API the sandbox emulates, operation by operation, and what of it is a guess."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from polytomic_mcp.sandbox.api.call import Routes

Extent = Literal["emulated", "partial", "refused"]


@dataclass(frozen=True, slots=True)
class Guess:
    """What nobody has seen of the API: the module that decides it, how, and for what reason."""

    where: str
    guess: str
    why: str


@dataclass(frozen=True, slots=True)
class Emulation:
    """What is missing of operations, why some are refused by name, and the guesses."""

    partial: Mapping[str, str]
    refused: Mapping[str, str]
    guesses: tuple[Guess, ...]

    def extent(self, operation: str, routes: Routes) -> Extent:
        """Return how much of an operation is there; one without a route is refused."""
        if operation not in routes or operation in self.refused:
            return "refused"
        return "partial" if operation in self.partial else "emulated"

    def note(self, operation: str) -> str:
        """Return what is missing of an operation, or why it is refused; empty for the others."""
        return self.partial.get(operation) or self.refused.get(operation) or ""


@cache
def load_emulation() -> Emulation:
    """Read what is written down beside this module."""
    text = (files("polytomic_mcp.sandbox.api") / "emulation.toml").read_text(encoding="utf-8")
    body: dict[str, Any] = tomllib.loads(text)
    return Emulation(body["partial"], body["refused"], tuple(Guess(**each) for each in body["guesses"]))
