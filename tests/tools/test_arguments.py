"""Whatever a model sends: a clear answer, never a crash, and nothing half done."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import MCPError

from polytomic_mcp.server import toolsets

TOOLS = {
    tool.name: tool.parameters["properties"]
    for toolset in toolsets()
    for tool in toolset.tools("full-access")
}
HUGE = "x" * 5_000_000
WORDS = [
    "Plans",
    "Warehouse",
    "Gong",
    "Winter flow",
    "Plans to Gong",
    "Id",
    "plan",
    "updateOrCreate",
    "A and B",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [*WORDS, "../../me", "x?force=true", "%2e%2e", "\x00", "\ud800", "null", "[1]", '{"a":1,}', "1e999"]
    ),
)
KEYS = st.text(max_size=8) | st.sampled_from(
    [
        "model_id",
        "field",
        "source",
        "target",
        "conditions",
        "logic",
        "mappings",
        "connection_id",
        "object",
        "create",
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


def fitting(schema: dict[str, Any]) -> Any:
    """Return values that a schema allows, mostly: they reach further into a tool than any JSON does."""
    match schema.get("type"):
        case "string":
            return st.sampled_from(schema["enum"] if "enum" in schema else WORDS)
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            return st.integers(0, 20)
        case "array":
            return st.lists(fitting(schema.get("items", {})), max_size=2)
        case "object" if "properties" in schema:
            parts = {name: fitting(part) | JSON for name, part in schema["properties"].items()}
            required = {name: fitting(schema["properties"][name]) for name in schema.get("required", ())}
            return st.fixed_dictionaries(
                required, optional={k: v for k, v in parts.items() if k not in required}
            )
        case "object":
            return st.dictionaries(KEYS, JSON, max_size=3)
    return JSON


def arguments_of(tool: str) -> Any:
    """Return arguments for a tool: mostly of the right shape, some of any shape at all."""
    shapes = {name: fitting(schema) | JSON for name, schema in TOOLS[tool].items()}
    return st.fixed_dictionaries({}, optional=shapes) | st.dictionaries(KEYS, JSON, max_size=3)


CALLS = st.sampled_from(list(TOOLS)).flatmap(lambda tool: st.tuples(st.just(tool), arguments_of(tool)))


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(call=CALLS)
async def test_any_json_gets_an_answer(call: tuple[str, Any], tools: Any, company: Any) -> None:
    is_error, answer = await tools.try_(*call)

    assert len(answer) > 0 if is_error else isinstance(answer, dict)
    assert json.loads(json.dumps(answer, ensure_ascii=False).encode()) == answer  # fit for the wire


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_any_json_gets_an_answer_from_the_sandbox(mode: str, open_sandbox: Any, calls: Any) -> None:
    async with open_sandbox(mode=mode) as tools:
        answers = [await tools.try_(*call) for call in calls]

    assert all(len(answer) > 0 for is_error, answer in answers if is_error)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


# What is sent to create_model, and what the refusal names.
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "name: Field required"),
    "a part missing": ({"name": "M", "configuration": {}}, "connection_id: Field required"),
    "a number for a text": ({"name": 7}, "name: Input should be a valid string"),
    "a list for a text": ({"name": ["M"]}, "name: Input should be a valid string"),
    "null for a text": ({"name": None}, "name: Input should be a valid string"),
    "a text for an object": ({"configuration": "SELECT 1"}, "configuration: Input should be a valid dictionary"),
    "a list for an object": ({"configuration": [1]}, "configuration: Input should be a valid dictionary"),
    "a list as text": ({"configuration": "[1]"}, "configuration: Input should be a valid dictionary"),
    "broken json": ({"configuration": '{"query": '}, "configuration: Input should be a valid dictionary"),
    "a text for a list": ({"fields": "a"}, "fields: Input should be a valid list"),
    "objects for texts": ({"fields": [{}]}, "fields.0: Input should be a valid string"),
    "unknown": ({"sql": "SELECT 1"}, "'sql' is not an argument."),
    "an endless unknown": ({HUGE: 1}, "xxx…' is not an argument."),
    "deep nesting": ({"configuration": nested(65)}, "configuration is nested deeper than 64 levels"),
    "very deep nesting": ({"enricher": nested(400)}, "enricher is nested deeper than 64 levels"),
    "deep nesting as text": (
        {"configuration": json.dumps(nested(70))[:-1] + ",}"},
        "configuration: Value error, is nested deeper than 64 levels",
    ),
    "half of a pair": ({"name": "\ud800"}, "name holds half of a surrogate pair"),
    "half of a pair as a key": ({"configuration": {"\udfff": 1}}, "configuration holds half of a surrogate pair"),
    "half of a pair as text": ({"configuration": '{"a": "\\ud800",}'}, "holds half of a surrogate pair"),
    "not a number as text": ({"configuration": '{"a": NaN}'}, "configuration holds a number that JSON cannot"),
    "infinity as text": ({"configuration": '{"a": 1e999}'}, "configuration holds a number that JSON cannot"),
    "an endless number": ({"configuration": {"a": 10**30}}, "configuration holds a number that JSON cannot"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
async def test_bad_input_is_refused_before_anything_is_asked(bad: str, tools: Any, company: Any) -> None:
    arguments, told = BAD[bad]
    complete = {"name": "M", "connection_id": "Warehouse", "configuration": {}}

    text = await tools.refused(
        "create_model", **(arguments if "name: F" in told or "_id" in told else complete | arguments)
    )

    assert text.startswith("create_model: ")
    assert told in text
    assert len(text) < 2_000
    assert company.requests == []


@pytest.mark.parametrize("limit", [True, False, 0, -1, 1001, 1.5, "many", None, [1], float("inf")])
async def test_a_limit_that_is_none_is_refused(limit: Any, tools: Any, company: Any) -> None:
    assert "limit: " in await tools.refused("list_connections", limit=limit)
    assert company.requests == []


async def test_an_endless_text_passes_where_any_text_does(tools: Any, company: Any) -> None:
    company.echoes("POST /api/models", id="m", fields=[])

    made = await tools("create_model", name=HUGE, connection_id="Warehouse", configuration={"query": HUGE})

    assert len(made["name"]) == len(HUGE)


async def test_as_much_nesting_as_is_allowed_passes(tools: Any, company: Any) -> None:
    company.echoes("POST /api/models", id="m", fields=[])

    made = await tools("create_model", name="M", connection_id="Warehouse", configuration=nested(64))

    assert made["configuration"] == nested(64)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_unknown_tool_is_refused_by_its_name(mode: str, connect: Any) -> None:
    async with connect(mode=mode) as tools:
        with pytest.raises(MCPError, match="no_such_tool"):
            await tools.client.call_tool("no_such_tool", {})


async def test_too_many_problems_are_cut(tools: Any) -> None:
    mappings = [{"wrong": 1} for _ in range(100)]

    text = await tools.refused("create_sync", name="S", mode="m", target={}, fields=mappings)

    assert len(text) < 2_000
