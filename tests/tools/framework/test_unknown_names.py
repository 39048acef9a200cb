"""In every tool, at every depth: a misspelt name is refused by its path, and JSON text is read."""

import json
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from polytomic_mcp.settings import TOOLSETS, Settings
from polytomic_mcp.tools.framework.reading import branches
from polytomic_mcp.tools.framework.validation import path_of
from polytomic_mcp.tools.toolsets import shown_tools
from tests.tools.conftest import ScriptedApi, Tools

TOOLS = {tool.name: tool for _, tool in shown_tools(Settings(toolsets=TOOLSETS))}
KEY = "any_name"
"""A name in an object whose names are free."""

KNOWN = {"connection_id": "Warehouse", "model_id": "Plans", "sync_id": "Plans to Gong"}
"""What the scripted API has, for required arguments of that name."""

BY_TYPE = {"string": "x", "boolean": True, "integer": 1, "number": 1, "array": [], "object": {}}

Location = tuple[str | int, ...]


def places(annotation: Any, location: Location) -> Iterator[tuple[Location, Any]]:
    """Yield each part, list and object that a type allows, at any depth, with its type."""
    for each in branches(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield location, each
            for name, inner in members(each).items():
                yield from places(inner, (*location, name))
        elif get_origin(each) is list:
            yield location, list
            yield from places(get_args(each)[0], (*location, 0))
        elif get_origin(each) is dict:
            yield location, dict
            yield from places(get_args(each)[1], (*location, KEY))


def places_of(tool: str) -> list[tuple[Location, Any]]:
    model = TOOLS[tool].calls.tool.fn_metadata.arg_model
    return [place for name, annotation in members(model).items() for place in places(annotation, (name,))]


def members(model: type[BaseModel]) -> dict[str, Any]:
    """Return the types of a model's members by the names that callers use."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def around(location: Sequence[str | int], value: Any, *, as_text: bool = False) -> Any:
    """Return a value within what leads to it; each level may be JSON text."""
    for part in reversed(location):
        value = json.dumps(value) if as_text else value
        value = [value] if isinstance(part, int) else {part: value}
    return value


def misspelt(names: Sequence[str]) -> tuple[str, str]:
    """Return a name that is nearly one of these, and that one."""
    return next((name + name[-1], name) for name in names if name + name[-1] not in names)


@pytest.mark.parametrize("tool", TOOLS)
async def test_a_misspelt_name_is_refused_by_its_path_with_the_right_one(
    tool: str, tools: Tools, api: ScriptedApi
) -> None:
    missed = []
    parts = [(location, type_) for location, type_ in places_of(tool) if type_ not in (list, dict)]
    for (location, type_), as_text in product(parts, (False, True)):
        wrong, right = misspelt(list(members(type_)))
        text = await tools.refused(tool, **around(location, {wrong: None}, as_text=as_text))
        expected = f"{path_of([*location, wrong])}: unknown name. Did you mean '{right}'?"
        missed += [] if expected in text else [(expected, text)]

    assert missed == []
    assert api.requests == []


@pytest.mark.parametrize("tool", TOOLS)
async def test_json_text_does_for_a_list_or_an_object_anywhere(tool: str, tools: Tools) -> None:
    refused = []
    for location, type_ in places_of(tool):
        text = "[]" if type_ is list else "{}"
        _, answer = await tools.try_(tool, around(location, text))
        refused += [answer] if f"{path_of(location)}: must be" in answer else []

    assert refused == []


@pytest.mark.parametrize("tool", TOOLS)
async def test_nothing_for_an_optional_argument_means_that_it_is_not_given(
    tool: str, tools: Tools, company: ScriptedApi
) -> None:
    schema = TOOLS[tool].parameters
    required = {
        name: KNOWN.get(name, BY_TYPE[schema["properties"][name]["type"]])
        for name in schema.get("required", ())
    }
    optional = schema["properties"].keys() - required

    outcomes: list[Any] = []
    for nothing in ({}, dict.fromkeys(optional), dict.fromkeys(optional, "")):
        answer = await tools.try_(tool, nothing | required)
        outcomes.append((answer, [(each.method, each.url, each.content) for each in company.requests]))
        company.requests.clear()

    assert outcomes[1:] == [outcomes[0]] * 2


def test_the_walk_reaches_what_is_deep_inside() -> None:
    found = {path_of(location) for location, _ in places_of("create_sync")}

    assert {"fields[0].source", "model_filters.conditions[0].source", "schedule.run_after.sync_ids"} <= found
    assert sum(len(places_of(tool)) for tool in TOOLS) > 100


@pytest.mark.parametrize(
    "tool", [name for name in TOOLS if "idempotency_key" in TOOLS[name].parameters["properties"]]
)
async def test_a_key_that_no_request_could_carry_is_refused_before_anything_is_sent(
    tool: str, tools: Tools, company: ScriptedApi
) -> None:
    required = TOOLS[tool].parameters.get("required", ())
    types = TOOLS[tool].parameters["properties"]
    arguments = {name: KNOWN.get(name, BY_TYPE[types[name]["type"]]) for name in required}

    text = await tools.refused(tool, **arguments, idempotency_key="short")

    assert "idempotency_key: must be 8 to 255 characters" in text
    assert company.requests == []
