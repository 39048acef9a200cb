"""What goes back to the model: a result, bounded, or a refusal; each with the calls that follow well."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel
from pydantic_core import to_json

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.answers.results import Answer, NextStep, Refusal, Source
from polytomic_mcp.tools.answers.truncation import Cut, fit, fit_beside

_MOST_STEPS: Final = 3
_NULL: Final[tuple[Any, ...]] = (None,)
_EMPTY: Final[tuple[Any, ...]] = (None, {}, [])


def answer(result: Answer, shown: AbstractSet[str]) -> CallToolResult:
    """Return a result as text and structure, which say the same.

    Without nulls and empty containers, cut where it is too long, and with those next steps whose tool is
    ``shown``.
    """
    result.next_steps = _steps(result.next_steps or (), shown) or None
    whole = result.model_dump(mode="json", by_alias=True, exclude_none=True)
    fitting = fit_beside(_lean(whole, type(result)), result.ROWS)
    reports = [*(result.truncated or ()), *(_report(cut, result) for cut in fitting.few_cuts)]
    last = {
        "truncated": [_followable(report, shown) for report in reports],
        "next_steps": fitting.value.get("next_steps"),
    }
    told = {name: part for name, part in fitting.value.items() if name not in last}
    told |= {name: part for name, part in last.items() if part}
    return CallToolResult(
        content=[TextContent(type="text", text=to_json(told).decode())], structured_content=told
    )


def written(refusal: Exception, shown: AbstractSet[str]) -> str:
    """Return a refusal's text, its remedies as JSON on a last line."""
    steps = _steps(refusal.next_steps, shown) if isinstance(refusal, Refusal) else []
    text = fit(str(refusal)).value
    if not steps:
        return text
    remedies = {"next_steps": [step.model_dump(mode="json") for step in steps]}
    return f"{text}\n{to_json(remedies).decode()}"


def _followable(report: JsonObject, shown: AbstractSet[str]) -> JsonObject:
    """Leave out the call that gets the rest where its tool is not shown."""
    is_shown = as_object(report.get("rest")).get("tool") in shown
    return {name: part for name, part in report.items() if name != "rest" or is_shown}


def _steps(steps: Sequence[NextStep], shown: AbstractSet[str]) -> list[NextStep]:
    return [step for step in steps if step.tool in shown][:_MOST_STEPS]


def _report(cut: Cut, result: Answer) -> JsonObject:
    """Say how much of what is shown, and the call that gets the rest."""
    report: JsonObject = {"pointer": cut.pointer, "shown": cut.shown, "total": cut.total}
    source = result.source()
    name, _, inner = cut.pointer.removeprefix("/").partition("/")
    place = _place(name, source, result) if source is not None else None
    if source is not None and place is not None:
        pointer = f"{place}/{inner}" if inner else place
        arguments = {"operation": source.operation, "arguments": source.arguments}
        rest = {**arguments, "pointer": pointer, "offset": cut.shown}
        report["rest"] = {"tool": "read_operation", "arguments": rest}
    return report


def _place(name: str, source: Source, result: Answer) -> str | None:
    """Return where a part of the result stands in the API's answer; None if it is not the API's."""
    if name in source.places or name in type(result).model_fields:
        return source.places.get(name)
    return f"/data/{name}" if name else "/data"


def _lean(result: JsonObject, model: type[BaseModel]) -> JsonObject:
    """Leave out nulls, and of what is the API's own the empty containers too: they say nothing.

    Items of a list keep their places.
    """
    named = model.model_fields
    parts = {name: without(_NULL if name in named else _EMPTY, part) for name, part in result.items()}
    return {name: part for name, part in parts.items() if name in named or part not in _EMPTY}


def without(values: tuple[Any, ...], part: Any) -> Any:
    """Return a JSON value whose members have none of these values, at any depth."""
    if isinstance(part, dict):
        members = {name: without(values, inner) for name, inner in as_object(part).items()}
        return {name: inner for name, inner in members.items() if inner not in values}
    return [without(values, inner) for inner in as_list(part)] if isinstance(part, list) else part
