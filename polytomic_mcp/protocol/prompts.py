"""Prompts: each guide as a numbered plan of tool calls, with what the person filled in."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import Message, PromptArgument
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, InputRequiredResult
from pydantic_core import to_json

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.guides import Argument, Guide, Step
from polytomic_mcp.settings import TOOLSETS
from polytomic_mcp.tools.api_access.caller import Caller

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_RULES: Final = (
    "Take these steps in order; read each answer before the next call, and leave out what is done already. "
    "Wherever an id is wanted, an exact name will do. What stands in <angle brackets> comes from an earlier "
    "answer, or ask me. Never repeat a secret."
)


class GuidePrompt(Prompt):
    """A prompt that says in words what is wrong with its arguments."""

    async def render(
        self, arguments: dict[str, Any] | None, context: Context[Any, Any]
    ) -> list[Message] | InputRequiredResult:
        """Return the plan as one message of the person's; an empty argument counts as absent.

        Raises:
            MCPError: An argument is missing or unknown.
        """
        given = {name: str(value) for name, value in (arguments or {}).items() if value}
        known = [argument.name for argument in self.arguments or ()]
        for name in given:
            if name not in known:
                takes = f"It takes: {', '.join(known)}." if known else "It takes none."
                raise _unfit(f"{self.name} has no argument {quoted(name)}.{nearest(name, known)} {takes}")
        if missing := [
            part.name for part in self.arguments or () if part.required and part.name not in given
        ]:
            raise _unfit(f"{self.name} needs {' and '.join(missing)}.")
        return await super().render(given, context)


def register(
    server: MCPServer[Caller], guides: Mapping[str, Guide], hidden: Callable[[], Mapping[str, str]]
) -> None:
    """Serve a prompt for each guide.

    ``hidden`` gives the toolset of each tool that this configuration does not show; it is asked only when a
    prompt is rendered.
    """
    for name, guide in guides.items():
        prompt = GuidePrompt(
            name=name,
            title=guide.title,
            description=guide.description,
            arguments=[_prompt_argument(name, part) for name, part in guide.arguments.items()],
            fn=_renderer(guide, hidden),
            context_kwarg=None,
        )
        server.add_prompt(prompt)


def _unfit(text: str) -> MCPError:
    return MCPError(INVALID_PARAMS, text)


def _renderer(guide: Guide, hidden: Callable[[], Mapping[str, str]]) -> Callable[..., Awaitable[str]]:
    defaults = {name: part.default or "" for name, part in guide.arguments.items()}

    async def plan(**given: str) -> str:
        return _plan(guide, defaults | given, hidden())

    return plan


def _prompt_argument(name: str, argument: Argument) -> PromptArgument:
    default = f" Default: {argument.default}" if argument.default else ""
    description = f"{argument.description}.{default}"
    return PromptArgument(name=name, description=description, required=argument.default is None)


def _plan(guide: Guide, values: Mapping[str, str], hidden: Mapping[str, str]) -> str:
    taken = [step.otherwise if step.otherwise and step.tool in hidden else step for step in guide.steps]
    steps = [f"{number}. {_step(step, values)}" for number, step in enumerate(taken, 1)]
    used = [step.tool for step in taken if step.tool]
    return "\n".join([guide.title, guide.description, "", _RULES, "", *steps, *_off(used, hidden)])


def _step(step: Step, values: Mapping[str, str]) -> str:
    text = _filled(step.do, values)
    if step.tool is None:
        return text
    return f"{text}\n   {step.tool} {to_json(_filled(step.arguments, values)).decode()}"


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """Put in what was filled in, wherever a text names it; an argument that stays empty is left out."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [_filled(part, values) for part in as_list(value)]
    if isinstance(value, dict):
        filled = {name: _filled(part, values) for name, part in as_object(value).items()}
        return {name: part for name, part in filled.items() if part != ""}
    return value


def _off(used: Iterable[str], hidden: Mapping[str, str]) -> list[str]:
    """Say which of the tools are not shown here, what switches them on, and what does without."""
    off = {tool: hidden[tool] for tool in dict.fromkeys(used) if tool in hidden}
    if not off:
        return []
    names = ", ".join(sorted(set(off.values()), key=TOOLSETS.index))
    note = (
        f"This server hides {', '.join(off)}. POLYTOMIC_TOOLSETS switches toolsets on (here {names}), "
        "POLYTOMIC_ACCESS_MODE=full-access the tools that write. Until then, find_operations finds the "
        "operation behind each; read_operation calls it or, with full access, write_operation."
    )
    return ["", note]
