"""A guide: what it is for, its arguments and its steps. Each guide is a JSON file in ``data/``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from polytomic_mcp.common.json_values import JsonObject

__all__ = ["ACTIONS", "Argument", "Guide", "Step", "Table", "load_guides"]

ACTIONS: Final = ("tool", "consent", "fill_in", "receive", "received", "sign_in", "clock")
"""What a step can do; all but ``tool`` happen only in the demo. See ``Step``."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A value that the reader chooses; required if it has no ``default``.

    ``completes`` says what to suggest: the name of a connection, model, sync or bulk_sync; the id of a
    connection_type, target, execution or operation; a table or database to read; a column of what is read
    (model_field); a schema or target_field to write to; one of ``choices`` (choice); or nothing (text).
    ``choices`` are suggested before the values that are found.

    ``type`` limits connections to one type. ``of`` names another argument: the target of a target_field,
    the sync of an execution, the connection of everything else.

    ``demo`` is the value that the demo uses, if it is not the default.
    """

    completes: str
    description: str = ""
    default: str | None = None
    demo: str | None = None
    type: str | None = None
    of: str | None = None
    choices: Sequence[str] = ()

    @property
    def demo_value(self) -> str:
        """The value that the demo uses."""
        return (self.default or "") if self.demo is None else self.demo


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of an answer that the demo shows at its end.

    ``name`` is the key of the rows in ``demo --json``, ``title`` their heading on a terminal. ``columns``
    names the values of rows that are lists, and selects the values of rows that are objects.
    """

    name: str
    title: str
    rows: Any
    columns: Any = None
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``do`` says what happens, as an imperative without a full stop; ``note`` adds instructions.

    ``action`` is one of ``ACTIONS``, or None for an instruction without a call, and ``subject`` belongs to
    it: the ``tool`` to call; the address of the page where a person gives ``consent`` or has to ``fill_in``
    a form, whose fields are ``arguments``; the path at which a webhook receiver starts to ``receive``; the
    receiver to ask for the requests it has ``received``; the API key with which to ``sign_in``; how far to
    move the ``clock`` of the sandbox.

    Texts may contain ``{argument}``, the value of one of the guide's arguments, and ``{name.path}``, a
    value in the answer of the earlier step of that ``name`` (see ``references``); ``{answer.path}`` is a
    value in the step's own answer. ``<something>`` is a value that the reader supplies.

    ``demo`` holds the arguments that the demo sends in place of those of the same names. ``only`` limits a
    step to the ``prompt`` or the ``demo``. ``otherwise`` replaces a step in the prompt if its tool is
    hidden. ``confirms`` names an earlier step that made a dry run: this step makes the same call for real.

    ``shows`` is what the demo prints of the answer, ``tables`` are the rows it ends with.
    """

    do: str
    note: str = ""
    only: Literal["prompt", "demo"] | None = None
    action: str | None = None
    subject: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    demo: Mapping[str, Any] = field(default_factory=dict[str, Any])
    name: str | None = None
    shows: str | None = None
    tables: tuple[Table, ...] = ()
    otherwise: "Step | None" = None
    confirms: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any], earlier: Sequence["Step"] = ()) -> "Step":
        """Read a step of a guide's file; ``earlier`` are the steps before it, one of which it may confirm.

        Raises:
            ValueError: The step has more than one action.
        """
        parts = dict(document)
        if confirmed := parts.get("confirms"):
            parts |= _without_dry_run(next(step for step in earlier if step.name == confirmed))
        (action,) = [name for name in ACTIONS if name in parts] or (None,)
        subject = parts.pop(action) if action else None
        otherwise = parts.pop("otherwise", None)
        return cls(
            **{key: value for key, value in parts.items() if key not in {"as", "tables"}},
            action=action,
            subject=subject,
            name=parts.get("as"),
            tables=tuple(Table(**table) for table in parts.get("tables", ())),
            otherwise=cls.from_json(otherwise) if otherwise else None,
        )

    @property
    def tool(self) -> str | None:
        """The tool that the step calls, if it calls one."""
        return self.subject if self.action == "tool" else None


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide. ``no_prompt`` and ``no_demo`` say why a guide does not have the one or the other.

    ``words`` are what people say who want it; the search reads them, and nobody else. A demo that
    ``needs_past`` runs in an organization that lived for two weeks, any other in an empty one.
    """

    title: str
    description: str
    arguments: Mapping[str, Argument]
    steps: tuple[Step, ...]
    no_prompt: str | None = None
    no_demo: str | None = None
    words: str = ""
    needs_past: bool = False

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a guide's file."""
        steps: list[Step] = []
        for step in document["steps"]:
            steps.append(Step.from_json(step, steps))
        return cls(
            title=document["title"],
            description=document["description"],
            arguments={name: Argument(**parts) for name, parts in document.get("arguments", {}).items()},
            steps=tuple(steps),
            no_prompt=document.get("no_prompt"),
            no_demo=document.get("no_demo"),
            words=document.get("words", ""),
            needs_past=document.get("needs_past", False),
        )

    def steps_of(self, use: Literal["prompt", "demo"]) -> list[Step]:
        """Return the steps of the prompt, or those of the demo."""
        return [step for step in self.steps if step.only in {None, use}]


@cache
def load_guides() -> Mapping[str, Guide]:
    """Read every guide, once per process. The keys are the guides' names, sorted."""
    paths = sorted(
        (path for path in files("polytomic_mcp.guides").joinpath("data").iterdir()),
        key=lambda path: path.name,
    )
    return MappingProxyType(
        {path.name.removesuffix(".json"): Guide.from_json(json.loads(path.read_bytes())) for path in paths}
    )


def _without_dry_run(step: Step) -> JsonObject:
    """Return the call that a dry run checked, as the parts of a step's file."""
    arguments = {name: value for name, value in step.arguments.items() if name != "dry_run"}
    return {"tool": step.tool, "arguments": arguments, "demo": step.demo}
