"""The walkthroughs' files: what each must have before anybody walks it."""

import json
import re
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from polytomic_mcp.guides import load_guides
from polytomic_mcp.settings import TOOLSETS, Settings
from polytomic_mcp.tools.toolsets import shown_tools
from polytomic_mcp.walkthroughs import Step, load_walkthroughs

WALKTHROUGHS = load_walkthroughs()
ABOUT_PROMPTS = {
    "repeat_requests_safely": "a page without a prompt: Idempotent requests",
    "terraform_smoke_test": "what the Terraform provider's own test makes",
}
REFERENCE = re.compile(r"\{(\w+)(?:\.(?:[\w-]+|\*|#|@json))+\}")
SHORT = 120

every_walkthrough = pytest.mark.parametrize("name", WALKTHROUGHS)


def names_in(value: Any) -> set[str]:
    """The names that references in a value begin with."""
    return {found[1] for found in REFERENCE.finditer(json.dumps(value))}


def without_references(value: Any) -> Any:
    """A value as its schema sees it: what is not known before is left out."""
    if isinstance(value, dict):
        kept = {key: without_references(member) for key, member in value.items()}
        return {key: member for key, member in kept.items() if member is not ...}
    if isinstance(value, list):
        kept_items = [without_references(item) for item in value]
        return [item for item in kept_items if item is not ...]
    return ... if isinstance(value, str) and REFERENCE.fullmatch(value) else value


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    return {tool.name: tool.parameters for _, tool in shown_tools(Settings(toolsets=TOOLSETS))}


def test_every_walkthrough_is_named_like_its_prompt_or_says_why_not() -> None:
    assert WALKTHROUGHS.keys() - load_guides().keys() == ABOUT_PROMPTS.keys()
    assert list(WALKTHROUGHS) == sorted(WALKTHROUGHS)


@every_walkthrough
def test_a_walkthrough_says_in_a_line_what_it_is_and_ends_with_rows(name: str) -> None:
    walkthrough = WALKTHROUGHS[name]
    tables = [table for step in walkthrough.steps for table in step.tables]

    assert walkthrough.title[0].isupper()
    assert len(walkthrough.about) < SHORT
    assert walkthrough.about.endswith(".")
    assert tables
    assert len({table.name for table in tables}) == len(tables)
    assert not {table.name for table in tables} & {"steps", "guide", "execution", "configuration"}


@every_walkthrough
def test_a_step_refers_to_earlier_answers_only(name: str) -> None:
    known = {"given"} if WALKTHROUGHS[name].given else set[str]()

    for step in WALKTHROUGHS[name].steps:
        before = names_in([step.what, step.arguments])
        assert before <= known
        known |= {step.name} if step.name else set()
        tables = [[table.title, table.rows, table.columns] for table in step.tables]
        assert names_in([step.do, step.shows, tables]) <= known | {"answer"}


@every_walkthrough
def test_a_step_names_a_tool_and_arguments_that_it_takes(name: str, schemas: dict[str, Any]) -> None:
    for step in WALKTHROUGHS[name].steps:
        if step.kind == "tool":
            schema = schemas[step.what]
            given = without_references(dict(step.arguments))
            assert step.arguments.keys() <= schema["properties"].keys()
            assert set(schema.get("required", ())) <= step.arguments.keys()
            for key, value in given.items():
                jsonschema.validate(value, _loosened(schema["properties"][key]))


def test_a_file_says_one_thing_a_step() -> None:
    with pytest.raises(ValueError, match="too many values"):
        Step.from_json({"do": "Two at once", "tool": "list_models", "consent": "{a.b}"})


def test_files_are_written_for_people() -> None:
    for path in files("polytomic_mcp.walkthroughs").iterdir():
        if path.name.endswith(".json"):
            written = path.read_text(encoding="utf-8")
            assert written == json.dumps(json.loads(written), indent=2, ensure_ascii=False) + "\n"


def _loosened(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that asks for no member: a reference may have stood there."""
    return {key: value for key, value in schema.items() if key in {"type", "enum", "minimum", "maximum"}}
