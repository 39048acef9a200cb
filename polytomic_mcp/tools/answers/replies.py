"""What goes back to the model: a result or a refusal, truncated to fit, with suggested next calls."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from mcp.types import CallToolResult, TextContent
from pydantic_core import to_json

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.answers.outgoing import outgoing, shallow
from polytomic_mcp.tools.answers.results import Answer, NextStep, Refusal, Source
from polytomic_mcp.tools.answers.truncation import Cut, truncate, truncate_around_rows

_MOST_STEPS: Final = 3
_LONGEST_CALL: Final = 4_000
_EMPTY: Final[tuple[Any, ...]] = (None, {}, [])


def answer(result: Answer, shown: AbstractSet[str]) -> CallToolResult:
    """Return a result as structure and, with the same content, as text.

    Nulls and empty containers are omitted except in data, long parts are truncated, and only next steps whose
    tool is ``shown`` are kept.
    """
    result.next_steps = _steps(result.next_steps or (), shown) or None
    fitting = truncate_around_rows(outgoing(result, _EMPTY), result.ROWS)
    reports = [*(result.truncated or ()), *(_report(cut, result) for cut in fitting.few_cuts)]
    last = {
        "truncated": [_without_hidden_call(report, shown) for report in reports],
        "next_steps": fitting.value.get("next_steps"),
    }
    content = shallow({name: part for name, part in fitting.value.items() if name not in last})
    content |= {name: part for name, part in last.items() if part}
    return CallToolResult(
        content=[TextContent(type="text", text=to_json(content).decode())], structured_content=content
    )


def written(refusal: Exception, shown: AbstractSet[str]) -> str:
    """Return a refusal's text, with its next steps as JSON on the last line."""
    steps = _steps(refusal.next_steps, shown) if isinstance(refusal, Refusal) else []
    text = truncate(str(refusal)).value
    if not steps:
        return text
    remedies = {"next_steps": [step.model_dump(mode="json") for step in steps]}
    return f"{text}\n{to_json(remedies).decode()}"


def _without_hidden_call(report: JsonObject, shown: AbstractSet[str]) -> JsonObject:
    """Omit the call that reads the rest if its tool is not shown, or if no one would make so long a call."""
    rest = as_object(report.get("rest"))
    is_shown = rest.get("tool") in shown and len(to_json(rest)) <= _LONGEST_CALL
    return {name: part for name, part in report.items() if name != "rest" or is_shown}


def _steps(steps: Sequence[NextStep], shown: AbstractSet[str]) -> list[NextStep]:
    return [step for step in steps if step.tool in shown][:_MOST_STEPS]


def _report(cut: Cut, result: Answer) -> JsonObject:
    """Return how much of a part is shown, and the call that reads the rest."""
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
    """Return the pointer of a part of the result in the API's answer; None if the API did not return it."""
    if name in source.places or name in type(result).model_fields:
        return source.places.get(name)
    return f"/data/{name}" if name else "/data"
