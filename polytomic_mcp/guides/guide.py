"""A guide: what it is for, what one fills in, and its steps; a JSON file each, named like its prompt."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

__all__ = ["Argument", "Guide", "Step", "load_guides"]


@dataclass(frozen=True, slots=True)
class Argument:
    """What one fills in. Without a default it must be.

    ``completes`` says what could stand there: the name of a connection, model, sync or bulk_sync, the id of
    a connection_type, target, execution or operation; a table or database to read, a column of what is read
    (model_field), a schema or a target_field to write to; one of the ``choices`` alone (choice), or what
    nobody can guess (text). ``choices`` come before what is found.

    ``type`` narrows connections to a type. ``of`` names the argument that holds the target of a
    target_field, the sync of an execution, and the connection of everything else.
    """

    completes: str
    description: str = ""
    default: str | None = None
    type: str | None = None
    of: str | None = None
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, and the tool with its arguments where it is a call.

    ``{name}`` stands for what an argument of the guide holds, ``<something>`` for what is not known before:
    an earlier answer has it, or the person. ``otherwise`` is the step where the tool is not shown.
    """

    do: str
    tool: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    otherwise: "Step | None" = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Step":
        """Read a step of a guide's file."""
        parts = dict(document)
        otherwise = parts.pop("otherwise", None)
        return cls(**parts, otherwise=cls.from_json(otherwise) if otherwise else None)


@dataclass(frozen=True, slots=True)
class Guide:
    """A journey: its title, what it achieves, what one fills in, and its steps."""

    title: str
    description: str
    arguments: Mapping[str, Argument]
    steps: tuple[Step, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Guide":
        """Read a guide's file."""
        arguments = {name: Argument(**parts) for name, parts in document["arguments"].items()}
        steps = tuple(Step.from_json(step) for step in document["steps"])
        return cls(document["title"], document["description"], arguments, steps)


@cache
def load_guides() -> Mapping[str, Guide]:
    """Read every guide, once in a process; by name, in the order of their names."""
    folder = files("polytomic_mcp.guides")
    paths = sorted(
        (path for path in folder.iterdir() if path.name.endswith(".json")), key=lambda path: path.name
    )
    guides = {
        path.name.removesuffix(".json"): Guide.from_json(json.loads(path.read_bytes())) for path in paths
    }
    return MappingProxyType(guides)
