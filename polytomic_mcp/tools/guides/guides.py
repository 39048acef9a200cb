"""Guides for a model: the steps of a task, as calls that it can make."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.guides import Guide, PlannedStep, hidden_note, load_guide_index, load_guides, planned
from polytomic_mcp.tools.answers.results import Answer
from polytomic_mcp.tools.framework.arguments import TheCaller
from polytomic_mcp.tools.guides.operations import shown_step
from polytomic_mcp.tools.toolsets import hidden_tools

_RULES: Final = (
    "Follow the steps in order and read each answer before the next call. Skip what is already done. "
    "Wherever an id is expected, an exact name works. Names, queries and fields are examples: use the "
    "person's own. Take values in <angle brackets> from earlier answers, or ask the person; 'I' in a "
    "step is the person. Never repeat a secret."
)
_MOST_OTHERS: Final = 4
_NONE_FITS: Final = "No guide is about this. Call get_guide with one of these names, or find_operations."


class GuideTitle(BaseModel):
    """A guide's name and title."""

    name: str
    title: str


class GuideStep(BaseModel):
    """A step: what to do, and the call that does it."""

    do: str
    tool: str | None = None
    arguments: JsonObject | None = None


class FoundGuide(Answer):
    """A guide as steps, and others that are near; or, if none fits, all guides."""

    name: str | None = None
    title: str | None = None
    description: str | None = None
    rules: str | None = None
    ask: Annotated[dict[str, str] | None, Field(description="Values to ask the person for")] = None
    steps: list[GuideStep] | None = None
    note: str | None = None
    others: list[GuideTitle] | None = None


async def get_guide(
    caller: TheCaller,
    topic: Annotated[str, Field(description="What to do, or a guide's name")],
) -> FoundGuide:
    """Get the steps of a task as tool calls: flows, audiences, webhooks, bulk copies, joins, partner setup.

    Call it first for a task of several steps. Without a match, it lists all guides.
    """
    index = load_guide_index()
    found = index.search(topic)
    if not found:
        return FoundGuide(note=_NONE_FITS, others=[_title(each) for each in index.names])
    name, *others = found
    guide, hidden = load_guides()[name], hidden_tools(caller.tools)
    asked = {key: each.description for key, each in guide.arguments.items() if each.default is None}
    steps = [shown_step(step, caller.tools) for step in planned(guide, _values(guide), hidden)]
    return FoundGuide(
        name=name,
        title=guide.title,
        description=guide.description,
        rules=_RULES,
        ask=asked or None,
        steps=[_step(step) for step in steps],
        note=hidden_note(steps, hidden),
        others=[_title(each) for each in others[:_MOST_OTHERS]],
    )


def _step(step: PlannedStep) -> GuideStep:
    arguments = None if step.is_confirmed else step.arguments
    return GuideStep(do=step.do, tool=step.tool, arguments=arguments)


def _values(guide: Guide) -> dict[str, str]:
    """Return each argument's default, or its name in angle brackets if the person must say it."""
    return {
        key: f"<{key}>" if each.default is None else each.default for key, each in guide.arguments.items()
    }


def _title(name: str) -> GuideTitle:
    return GuideTitle(name=name, title=load_guides()[name].title)
