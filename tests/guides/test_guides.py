"""The files of the guides: what each must have before it becomes a prompt, a demo and a page."""

import json
import re
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.guides import Guide, Step, load_guides
from polytomic_mcp.settings import TOOLSETS, Settings
from polytomic_mcp.tools.toolsets import shown_tools

GUIDES = load_guides()
NO_PROMPT = {"repeat_requests_safely", "terraform_smoke_test"}
NO_DEMO = {"allow_polytomic_addresses", "set_up_this_server"}
DEPENDENT = {"database", "execution", "model_field", "schema", "table", "target", "target_field"}
PATH_VARIABLES = {"id", "org_id", "property", "connection_id"}
PLACEHOLDER = re.compile(r"\{(\w+)\}")
REFERENCE = re.compile(r"\{(\w+)(?:\.(?:[\w-]+|\*|#|@json))+\}")
SHORT = 120
WIDTH = 110

every_guide = pytest.mark.parametrize("name", GUIDES)
every_demo = pytest.mark.parametrize("name", [name for name, guide in GUIDES.items() if not guide.no_demo])


def names_in(value: Any) -> set[str]:
    """The names of the steps that references in a value refer to."""
    return {found[1] for found in REFERENCE.finditer(json.dumps(value))}


def placeholders_in(value: Any) -> set[str]:
    return {found[1] for found in PLACEHOLDER.finditer(json.dumps(value))}


def steps_of(guide: Guide) -> list[Step]:
    """Every step of a guide, with those that replace a step whose tool is hidden."""
    return [each for step in guide.steps for each in (step, step.otherwise) if each]


def demo_arguments(step: Step) -> dict[str, Any]:
    return {**step.arguments, **step.demo}


def without_references(value: Any) -> Any:
    """A value as its schema sees it: what only the run of the demo knows is left out."""
    if isinstance(value, dict):
        kept = {key: without_references(member) for key, member in value.items()}
        return {key: member for key, member in kept.items() if member is not ...}
    if isinstance(value, list):
        kept_items = [without_references(item) for item in value]
        return [item for item in kept_items if item is not ...]
    return ... if isinstance(value, str) and REFERENCE.fullmatch(value) else value


def layout(value: Any, indent: int = 0, before: int = 0) -> str:
    """JSON as the files have it: a value stays on one line while the line is short enough."""
    line = json.dumps(value, ensure_ascii=False)
    if not (value and isinstance(value, dict | list)) or len(line) + indent + before <= WIDTH:
        return line
    margin = " " * (indent + 2)
    if isinstance(value, dict):
        keys = {key: json.dumps(key, ensure_ascii=False) + ": " for key in value}
        parts = [key + layout(value[name], indent + 2, len(key)) for name, key in keys.items()]
    else:
        parts = [layout(item, indent + 2) for item in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    lines = ",\n".join(margin + part for part in parts)
    return f"{first}\n{lines}\n{' ' * indent}{last}"


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    return {tool.name: tool.parameters for _, tool in shown_tools(Settings(toolsets=TOOLSETS))}


def test_guides_are_sorted_by_name() -> None:
    assert list(GUIDES) == sorted(GUIDES)


def test_a_guide_without_a_prompt_or_a_demo_gives_the_reason() -> None:
    assert {name for name, guide in GUIDES.items() if guide.no_prompt} == NO_PROMPT
    assert {name for name, guide in GUIDES.items() if guide.no_demo} == NO_DEMO
    reasons = [reason for guide in GUIDES.values() for reason in (guide.no_prompt, guide.no_demo) if reason]
    assert all(reason.endswith(".") for reason in reasons)


@every_guide
def test_a_guide_says_in_a_line_what_it_is_for(name: str) -> None:
    guide = GUIDES[name]

    assert guide.title[0].isupper()
    assert len(guide.description) < SHORT
    assert guide.description[-1] in ".?"


@every_demo
def test_a_demo_ends_with_tables_of_different_names(name: str) -> None:
    tables = [table.name for step in GUIDES[name].steps_of("demo") for table in step.tables]

    assert tables
    assert len({*tables}) == len(tables)
    assert not {*tables} & {"steps", "guide", "execution", "configuration"}


@every_guide
def test_a_step_is_a_sentence_without_its_full_stop_and_its_note_has_one(name: str) -> None:
    for step in steps_of(GUIDES[name]):
        assert step.do[0].isupper() or step.do.startswith("{")
        assert step.do[-1] not in ".:;"
        assert not step.note or step.note.endswith(".")


@every_guide
def test_only_calls_and_instructions_are_in_a_prompt_and_only_actions_in_a_demo(name: str) -> None:
    for step in GUIDES[name].steps:
        assert step.action or step.only == "prompt"
        assert step.action in {None, "tool"} or step.only == "demo"


@every_guide
def test_a_step_refers_to_earlier_answers_only(name: str) -> None:
    known: dict[str, set[str]] = {"prompt": set(GUIDES[name].arguments), "demo": set()}

    for step in GUIDES[name].steps:
        uses = [step.only] if step.only else ["prompt", "demo"]
        if "demo" in uses:
            assert names_in([step.subject, demo_arguments(step)]) <= known["demo"]
        if "prompt" in uses and not GUIDES[name].no_prompt:
            otherwise = dict(step.otherwise.arguments) if step.otherwise else {}
            assert names_in([step.do, step.note, dict(step.arguments), otherwise]) <= known["prompt"]
        for use in uses:
            known[use] |= {step.name} if step.name else set()
        tables = [[table.title, table.rows, table.columns] for table in step.tables]
        if "demo" in uses:
            assert names_in([step.do, step.shows, tables]) <= known["demo"] | {"answer"}


@every_demo
def test_a_demo_calls_tools_with_arguments_that_they_accept(name: str, schemas: dict[str, Any]) -> None:
    for step in GUIDES[name].steps_of("demo"):
        if step.tool:
            schema, arguments = schemas[step.tool], demo_arguments(step)
            assert arguments.keys() <= schema["properties"].keys()
            assert set(schema.get("required", ())) <= arguments.keys()
            for key, value in without_references(arguments).items():
                jsonschema.validate(value, _loosened(schema["properties"][key]))


@every_demo
def test_a_demo_sends_nothing_that_a_person_still_has_to_supply(name: str) -> None:
    for step in GUIDES[name].steps_of("demo"):
        assert not re.search(r'"<[a-z]', json.dumps(demo_arguments(step)))


@every_demo
def test_a_demo_has_a_value_for_every_argument_that_it_uses(name: str) -> None:
    guide = GUIDES[name]
    used = set[str]().union(*(placeholders_in(demo_arguments(step)) for step in guide.steps_of("demo")))

    assert all(guide.arguments[key].demo_value or key == "execution_id" for key in used & {*guide.arguments})


@every_guide
def test_every_operation_a_step_calls_takes_those_arguments(name: str) -> None:
    for step in steps_of(GUIDES[name]):
        if step.tool in {"read_operation", "write_operation"}:
            operation = load_catalogue().find(step.arguments["operation"])
            assert (operation.effect == "read") == (step.tool == "read_operation")
            assert operation.bind(step.arguments.get("arguments", {}))


@every_guide
def test_every_argument_is_used_and_every_placeholder_is_an_argument(name: str) -> None:
    guide = GUIDES[name]
    texts = [[step.do, step.note, dict(step.arguments), dict(step.demo)] for step in steps_of(guide)]

    used = placeholders_in(texts)

    assert used - PATH_VARIABLES <= {*guide.arguments}
    assert {*guide.arguments} <= used


@every_guide
def test_what_completes_an_argument_fits_together(name: str) -> None:
    arguments = GUIDES[name].arguments

    for argument in arguments.values():
        assert (argument.of in arguments) == (argument.completes in DEPENDENT)
        assert bool(argument.choices) or argument.completes != "choice"
        assert not argument.choices or argument.default in {None, argument.choices[0]}


@every_guide
def test_a_sync_is_checked_before_a_prompt_creates_it(name: str) -> None:
    steps = GUIDES[name].steps

    for number, step in enumerate(steps):
        if step.tool in {"create_sync", "create_bulk_sync"} and not (step.only or step.confirms):
            assert step.arguments["dry_run"] is True
            assert steps[number + 1].confirms == step.name
            assert "the same call without dry_run" in steps[number + 1].note


def test_a_step_that_confirms_makes_the_same_call_without_dry_run() -> None:
    arguments = {"name": "A", "dry_run": True}
    checked = Step.from_json(
        {
            "do": "Check",
            "tool": "create_sync",
            "arguments": arguments,
            "demo": {"mode": "update"},
            "as": "check",
        }
    )

    confirmed = Step.from_json({"do": "Create", "confirms": "check", "as": "sync"}, [checked])

    assert (confirmed.tool, confirmed.name) == ("create_sync", "sync")
    assert (confirmed.arguments, confirmed.demo) == ({"name": "A"}, {"mode": "update"})


def test_a_step_does_one_thing() -> None:
    with pytest.raises(ValueError, match="too many values"):
        Step.from_json({"do": "Two at once", "tool": "list_models", "consent": "{a.b}"})


@every_guide
def test_the_file_of_a_guide_is_laid_out_for_people(name: str) -> None:
    written = (files("polytomic_mcp.guides") / "data" / f"{name}.json").read_text(encoding="utf-8")

    assert written == layout(json.loads(written)) + "\n"


def _loosened(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that requires no member: a reference may have been in its place."""
    return {key: value for key, value in schema.items() if key in {"type", "enum", "minimum", "maximum"}}
