"""A walkthrough: a guide's steps with values that work on the sandbox; a JSON file each, with its name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Self

__all__ = ["KINDS", "Step", "Table", "Walkthrough", "load_walkthroughs"]

KINDS: Final = ("tool", "consent", "connect", "receive", "received", "sign_in", "clock")
"""What a step can be; see ``Step``."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of an answer, shown at the end: ``name`` in the document, ``title`` on the terminal.

    ``columns`` names the values of rows that are lists, and chooses those of rows that are objects.
    """

    name: str
    title: str
    rows: Any
    columns: Any = None
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is done, by what, with which arguments, and the name by which its answer is known.

    ``kind`` says what ``what`` is: the ``tool`` that is called; the page where a person gives ``consent``,
    or where a person fills in the form ``arguments`` to ``connect`` a system; the receiver of webhooks that
    is started (``receive``) or asked what it ``received``; the key of another person, who is the one to
    ``sign_in`` from here on; how far the sandbox's ``clock`` is moved on.

    ``do`` announces a call of a tool, and tells afterwards what any other step did. ``shows`` is the line
    that a person sees of an answer. Both may refer to it as ``answer``.
    """

    do: str
    kind: str
    what: Any
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    name: str | None = None
    shows: str | None = None
    tables: tuple[Table, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a step of a walkthrough's file."""
        (kind,) = (kind for kind in KINDS if kind in document)
        return cls(
            do=document["do"],
            kind=kind,
            what=document[kind],
            arguments=document.get("arguments", {}),
            name=document.get("as"),
            shows=document.get("shows"),
            tables=tuple(Table(**table) for table in document.get("tables", ())),
        )


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """A walk: its title, in a sentence what it does, what its steps are given, and the steps."""

    title: str
    about: str
    given: Mapping[str, Any]
    steps: tuple[Step, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a walkthrough's file."""
        steps = tuple(Step.from_json(step) for step in document["steps"])
        return cls(document["title"], document["about"], document.get("given", {}), steps)


@cache
def load_walkthroughs() -> Mapping[str, Walkthrough]:
    """Read every walkthrough, once in a process; by name, in the order of their names."""
    folder = files("polytomic_mcp.walkthroughs")
    found = {
        path.name.removesuffix(".json"): path for path in folder.iterdir() if path.name.endswith(".json")
    }
    read = {name: Walkthrough.from_json(json.loads(found[name].read_bytes())) for name in sorted(found)}
    return MappingProxyType(read)
