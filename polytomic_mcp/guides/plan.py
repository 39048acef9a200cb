"""A guide as a plan in words: numbered steps, each with the tool to call and its arguments as JSON."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.guides.guide import Guide, Step
from polytomic_mcp.guides.references import REFERENCE, replace, without_empty
from polytomic_mcp.settings import TOOLSETS

__all__ = ["PlannedStep", "hidden_note", "plan", "planned"]

_RULES: Final = (
    "Follow these steps in order. Read each answer before the next call, and skip what is already done. "
    "Wherever an id is expected, an exact name works. Take values in <angle brackets> from earlier answers, "
    "or ask me for them. Never repeat a secret."
)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of a plan: what to do and, if a tool does it, the tool and its arguments.

    One that ``is_confirmed`` makes the call of the step before for real, as its words say.
    """

    do: str
    tool: str | None = None
    arguments: JsonObject | None = None
    is_confirmed: bool = False


def planned(guide: Guide, values: Mapping[str, str], hidden: Mapping[str, str]) -> list[PlannedStep]:
    """Return the steps of a guide's plan.

    ``values`` holds the values of the guide's arguments; a call's argument whose value is empty is omitted.
    ``hidden`` maps each tool that the server hides to its toolset.
    """
    steps = guide.steps_of("prompt")
    shown = [step.otherwise if step.otherwise and step.tool in hidden else step for step in steps]
    numbers = {step.name: number for number, step in enumerate(steps, 1)}
    fill = partial(_fill, values=values, numbers=numbers)
    return [_step(step, fill) for step in shown]


def plan(guide: Guide, values: Mapping[str, str], hidden: Mapping[str, str]) -> str:
    """Return the plan of a guide in words; see ``planned``."""
    steps = planned(guide, values, hidden)
    lines = [f"{number}. {_written(step)}" for number, step in enumerate(steps, 1)]
    note = hidden_note(steps, hidden)
    return "\n".join([guide.title, guide.description, "", _RULES, "", *lines, *(["", note] if note else [])])


def hidden_note(steps: Iterable[PlannedStep], hidden: Mapping[str, str]) -> str | None:
    """Return what to do about those of the steps' tools that the server hides; None if it shows all."""
    tools = [step.tool for step in steps if step.tool]
    toolset_by_tool = {tool: hidden[tool] for tool in dict.fromkeys(tools) if tool in hidden}
    if not toolset_by_tool:
        return None
    toolsets = ", ".join(sorted(set(toolset_by_tool.values()), key=TOOLSETS.index))
    return (
        f"This server hides {', '.join(toolset_by_tool)}. POLYTOMIC_TOOLSETS shows more toolsets (needed "
        f"here: {toolsets}); POLYTOMIC_ACCESS_MODE=full-access shows the tools that write. Without them, "
        "find_operations finds the operation behind each tool; read_operation calls it or, with full access, "
        "write_operation."
    )


def _step(step: Step, fill: Any) -> PlannedStep:
    text = fill(f"{step.do}. {step.note}".rstrip())
    if step.tool is None:
        return PlannedStep(text)
    arguments = without_empty(replace(step.arguments, fill))
    return PlannedStep(text, step.tool, arguments, is_confirmed=step.confirms is not None)


def _written(step: PlannedStep) -> str:
    is_told = step.arguments is None or step.is_confirmed
    return step.do if is_told else f"{step.do}\n   {step.tool} {_compact(step.arguments)}"


def _fill(text: str, *, values: Mapping[str, str], numbers: Mapping[str | None, int]) -> str:
    """Fill in the values of arguments, and say of a value from an answer which step's answer has it."""

    def found(reference: re.Match[str]) -> str:
        name, path = reference[1], reference[2]
        if not path:
            return values.get(name, reference[0])
        wanted = _last_key(path.split("."))
        return f"<{wanted} of {values[name]}>" if name in values else f"<{wanted} from step {numbers[name]}>"

    return REFERENCE.sub(found, text)


def _last_key(path: Sequence[str]) -> str:
    return [part for part in path if part.isidentifier()][-1]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
