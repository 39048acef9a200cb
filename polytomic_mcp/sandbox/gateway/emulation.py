"""Emulation: which operations the sandbox emulates, and what about them is incomplete or a guess."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from polytomic_mcp.sandbox.calls.call import Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError

Extent = Literal["emulated", "partial", "refused"]


@dataclass(frozen=True, slots=True)
class Guess:
    """Unobserved behavior of the API: the module that assumes it, the guess, and its reason."""

    where: str
    guess: str
    why: str


@dataclass(frozen=True, slots=True)
class Emulation:
    """What is missing from operations, why some are refused, and the guesses."""

    partial: Mapping[str, str]
    refused: Mapping[str, str]
    guesses: tuple[Guess, ...]

    def extent(self, operation: str, routes: Routes) -> Extent:
        """Return how much of an operation is emulated; an operation without a route is refused."""
        if operation not in routes or operation in self.refused:
            return "refused"
        return "partial" if operation in self.partial else "emulated"

    def note(self, operation: str) -> str:
        """Return what an operation lacks or why it is refused; an empty text for a complete one."""
        return self.partial.get(operation) or self.refused.get(operation) or ""


@cache
def load_emulation() -> Emulation:
    """Return the contents of ``emulation.toml``."""
    text = (files("polytomic_mcp.sandbox.gateway") / "emulation.toml").read_text(encoding="utf-8")
    body: dict[str, Any] = tomllib.loads(text)
    return Emulation(body["partial"], body["refused"], tuple(Guess(**each) for each in body["guesses"]))


def require_emulated(operation: str, routes: Routes) -> None:
    """Raise a 501 refusal if the operation has no route."""
    if operation not in routes:
        raise RefusalError(
            501,
            f"The sandbox does not emulate {operation}. Call it on Polytomic itself. "
            f"{load_emulation().note(operation)}".rstrip(),
            key="not_implemented",
            metadata={"operation": operation},
        )
