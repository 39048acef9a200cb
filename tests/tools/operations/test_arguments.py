"""An operation's arguments are read by their types at every depth, and judged before anything is sent."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.catalogue import Operation, load_catalogue
from polytomic_mcp.tools.answers.results import Refusal
from polytomic_mcp.tools.framework.reading import names_at
from polytomic_mcp.tools.framework.validation import path_of
from polytomic_mcp.tools.operations.arguments import validated
from polytomic_mcp.tools.operations.requests import MODELS, model_of
from polytomic_mcp.tools.operations.schemas import forms_of
from tests.conftest import EVERY_HEALTH_CHECK
from tests.tools.conftest import ScriptedApi, Tools
from tests.tools.operations.test_against_the_sdk import values

SYNCS = "POST /api/syncs"
SYNC: dict[str, Any] = {
    "name": "n",
    "mode": "create",
    "schedule": {"frequency": "manual"},
    "target": {"connection_id": "c", "object": "o"},
    "fields": [],
}


@pytest.fixture
def writing(api: ScriptedApi) -> ScriptedApi:
    """A Polytomic that takes a sync, a connection, a webhook and a query of values."""
    for path in ("syncs", "connections", "webhooks", "connection_types/gong/parameter_values"):
        api.echoes(f"POST /api/{path}", id="1")
    return api


@pytest.mark.parametrize(
    ("parts", "sent"),
    [
        ({"model_filters": '{"logic": "A"}'}, {"model_filters": {"logic": "A"}}),
        (
            {"target_filters": {"conditions": '[{"field": "t", "function": "f", "value": "[1]"}]'}},
            {"target_filters": {"conditions": [{"field": "t", "function": "f", "value": "[1]"}]}},
        ),
        ({"fields": ['{"target": "a", "source": null}']}, {"fields": [{"target": "a", "source": None}]}),
        ({"schedule": {"job_id": "5432", "minute": 5}}, {"schedule": {"job_id": 5432, "minute": "5"}}),
        ({"active": "True", "policies": '["p"]'}, {"active": True, "policies": ["p"]}),
        ({"name": 7, "identity": None}, {"name": "7", "identity": None}),
    ],
)
async def test_text_is_read_as_the_type_that_is_declared_and_null_stays(
    parts: Any, sent: Any, tools: Tools, writing: ScriptedApi
) -> None:
    await tools("write_operation", operation=SYNCS, arguments=SYNC | parts)

    assert writing.bodies(SYNCS) == [SYNC | sent]


async def test_data_are_sent_as_they_came(tools: Tools, writing: ScriptedApi) -> None:
    fields = [{"target": "a", "override_value": value} for value in ("[1]", "7", 7, None, {"a": "[1]"})]
    configuration = {"a": "[1]", "b": "7", "c": 7, "d": None}

    await tools("write_operation", operation=SYNCS, arguments=SYNC | {"fields": fields})
    await tools(
        "write_operation",
        operation="POST /api/connections",
        arguments={"name": "n", "type": "gong", "configuration": configuration},
    )

    assert writing.bodies(SYNCS)[0]["fields"] == fields
    assert writing.bodies("POST /api/connections")[0]["configuration"] == configuration


async def test_values_outside_a_list_are_sent_as_they_are(tools: Tools, writing: ScriptedApi) -> None:
    source = {"model_id": "m", "field": "f"}
    parts = {
        "mode": "of tomorrow",
        "schedule": {"frequency": "Fortnightly"},
        "identity": {"source": source, "target": "t", "function": "equality"},
        "model_filters": {"conditions": [{"source": source, "function": "Soon", "value": None}]},
    }

    await tools("write_operation", operation=SYNCS, arguments=SYNC | parts)

    assert writing.bodies(SYNCS) == [SYNC | parts]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (
            {"model_filters": {"condition": []}},
            "model_filters.condition: unknown name. Did you mean 'conditions'? Valid values: conditions, ",
        ),
        (
            {"fields": '[{"target": "a", "soruce": {}}]'},
            "fields[0].soruce: unknown name. Did you mean 'source'?",
        ),
        ({"fields": [{"target": "a", "source": {"field": "f"}}]}, "fields[0].source.model_id: is missing."),
        ({"schedule": {"timezone": "UTC"}}, "schedule.timezone: unknown name. Valid values: "),
        ({"schedule": {"job_id": "five"}}, "schedule.job_id: must be an integer."),
        ({"active": "maybe"}, "active: must be true or false."),
        ({"target": "the target"}, "target: must be an object."),
        ({"model_filters": '{"a": NaN}'}, "model_filters: contains a number that JSON cannot represent."),
        ({"x" * 200: 1}, f"{'x' * 80}: unknown name."),
    ],
)
async def test_what_does_not_fit_is_refused_by_its_path(
    parts: Any, problem: str, tools: Tools, writing: ScriptedApi
) -> None:
    text = await tools.refused("write_operation", operation=SYNCS, arguments=SYNC | parts)

    assert f" {problem}" in text
    assert writing.requests == []


async def test_an_argument_that_two_rules_refuse_is_named_once(tools: Tools) -> None:
    text = await tools.refused("write_operation", operation=SYNCS, arguments=SYNC | {"fields": [{"a": 1}]})

    assert text.count("fields[0].target: ") == text.count("fields[0].a: ") == 1


@pytest.mark.parametrize("form", [lambda value: value, json.dumps], ids=["as it is", "as text"])
def test_a_misspelt_name_in_any_operation_is_refused_by_its_path(form: Callable[[Any], Any]) -> None:
    missed = []
    for operation, place, names in all_places():
        wrong, right = next((name + name[-1], name) for name in names if name + name[-1] not in names)
        value: Any = {wrong: None}
        for part in reversed(place):
            value = [form(value)] if isinstance(part, int) else {part: form(value)}
        with pytest.raises(Refusal) as refused:
            validated(operation, value)
        expected = f"{path_of([*place, wrong])}: unknown name. Did you mean '{right}'?"
        missed += [] if expected in str(refused.value) else [(operation.id, expected, str(refused.value))]

    assert missed == []


@pytest.mark.parametrize("operation_id", MODELS)
def test_a_request_model_has_every_name_that_the_catalogue_lists(operation_id: str) -> None:
    model = model_of(operation_id)
    assert model is not None
    body = [each for each in load_catalogue()[operation_id].parameters if each.place == "body"]

    missing = [
        ".".join(map(str, [*place, name]))
        for parameter in body
        if parameter.name in model.model_fields
        for place, names in places(parameter.schema, (parameter.name,))
        if (known := names_at(model, place))
        for name in names
        if name not in known
    ]

    assert missing == []


@pytest.mark.parametrize("operation_id", MODELS)
def test_a_request_model_takes_whatever_the_catalogue_takes(operation_id: str) -> None:
    operation = load_catalogue()[operation_id]
    parts = {each.name: values(dict(each.schema)) for each in operation.parameters}
    required = {each.name: parts.pop(each.name) for each in operation.parameters if each.required}

    @settings(deadline=None, suppress_health_check=EVERY_HEALTH_CHECK)
    @given(st.fixed_dictionaries(required, optional=parts))
    def takes(arguments: dict[str, Any]) -> None:
        assert validated(operation, arguments).keys() == arguments.keys()

    takes()


def all_places() -> Iterator[tuple[Operation, tuple[str | int, ...], list[str]]]:
    """Yield each object within the arguments of each operation."""
    for operation in load_catalogue().values():
        for parameter in operation.parameters:
            yield from ((operation, *place) for place in places(parameter.schema, (parameter.name,)))


def places(schema: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], list[str]]]:
    """Yield each object within a schema: its place and the names of its members."""
    for form in forms_of(schema):
        if members := form.get("properties"):
            yield path, list(members)
        for name, member in (members or {}).items():
            yield from places(member, (*path, name))
        if items := form.get("items"):
            yield from places(items, (*path, 0))
