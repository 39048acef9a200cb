"""Whatever a model sends: a clear answer, no crash, and no partial write."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.settings import TOOLSETS, Settings
from polytomic_mcp.tools.toolsets import shown_tools
from tests.conftest import EVERY_HEALTH_CHECK
from tests.tools.conftest import Connect, ScriptedApi, Tools

TOOLS = {tool.name: tool.parameters for _, tool in shown_tools(Settings(toolsets=TOOLSETS))}
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
    simple = {
        "string": st.sampled_from(schema.get("enum", WORDS)),
        "boolean": st.booleans(),
        "integer": st.integers(0, 20),
        "number": st.integers(0, 20),
        "object": st.dictionaries(KEYS, JSON, max_size=3),
    }
    if schema.get("type") == "array":
        return st.lists(fitting(schema.get("items", {})), max_size=2)
    if "properties" not in schema:
        return simple.get(str(schema.get("type")), JSON)
    parts = {name: fitting(part) for name, part in schema["properties"].items()}
    required = {name: part for name, part in parts.items() if name in schema.get("required", ())}
    others = {name: part | JSON for name, part in parts.items() if name not in required}
    return st.fixed_dictionaries(required, optional=others)


def arguments_of(tool: str) -> Any:
    """Return arguments for a tool: mostly of the right shape, some of any shape at all."""
    anything = dict.fromkeys(TOOLS[tool]["properties"], JSON)
    return fitting(TOOLS[tool]) | st.fixed_dictionaries({}, optional=anything) | st.dictionaries(KEYS, JSON)


CALLS = st.sampled_from(list(TOOLS)).flatmap(lambda tool: st.tuples(st.just(tool), arguments_of(tool)))


@settings(max_examples=settings().max_examples * 3, deadline=None, suppress_health_check=EVERY_HEALTH_CHECK)
@given(call=CALLS)
@pytest.mark.usefixtures("company")
async def test_any_json_gets_an_answer(call: tuple[str, Any], tools: Tools) -> None:
    is_error, answer = await tools.try_(*call)

    assert len(answer) > 0 if is_error else isinstance(answer, dict)
    assert json.loads(json.dumps(answer, ensure_ascii=False).encode()) == answer  # fit for the wire


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@settings(
    max_examples=max(1, settings().max_examples * 2 // 25),
    deadline=None,
    suppress_health_check=EVERY_HEALTH_CHECK,
)
@given(calls=st.lists(CALLS, min_size=10, max_size=20))
async def test_any_json_gets_an_answer_from_the_sandbox(
    mode: str, calls: list[Any], open_sandbox: Connect
) -> None:
    async with open_sandbox(mode=mode) as tools:
        answers = [await tools.try_(tool, on_the_wire(arguments)) for tool, arguments in calls]

    assert all(len(answer) > 0 for is_error, answer in answers if is_error)


def on_the_wire(arguments: Any) -> Any:
    """Put what UTF-8 can write in the place of half pairs: the older era's stream carries no others."""
    return json.loads(json.dumps(arguments, ensure_ascii=False).encode(errors="replace"))


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


# What is sent to create_model, and what the refusal names.
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "name: is missing"),
    "a part missing": ({"name": "M", "configuration": {}}, "connection_id: is missing"),
    "an object for a text": ({"name": {}}, "name: must be a string"),
    "a list for a text": ({"name": ["M"]}, "name: must be a string"),
    "null for a text": ({"name": None}, "name: must be a string"),
    "a text for an object": ({"configuration": "SELECT 1"}, "configuration: must be an object"),
    "a text for a part": ({"enricher": "Warehouse"}, "enricher: must be an object with connection_id"),
    "a list for an object": ({"configuration": [1]}, "configuration: must be an object"),
    "a list as text": ({"configuration": "[1]"}, "configuration: must be an object"),
    "broken json": ({"configuration": '{"query": '}, "configuration: must be an object"),
    "a text for a list": ({"fields": "a"}, "fields: must be a list"),
    "objects for texts": ({"fields": [{}]}, "fields[0]: must be a string"),
    "unknown": ({"sql": "SELECT 1"}, "Unknown argument 'sql'."),
    "an endless unknown": ({HUGE: 1}, "xxx…'. Valid arguments: name, "),
    "deep nesting": ({"configuration": nested(65)}, "configuration is nested deeper than 64 levels"),
    "very deep nesting": ({"enricher": nested(200)}, "enricher is nested deeper than 64 levels"),
    "deep nesting as text": (
        {"configuration": json.dumps(nested(70))[:-1] + ",}"},
        "configuration is nested deeper than 64 levels",
    ),
    "half of a pair": ({"name": "\ud800"}, "name contains an unpaired surrogate"),
    "half of a pair as text": ({"configuration": '{"a": "\\ud800",}'}, "contains an unpaired surrogate"),
    "not a number as text": ({"configuration": '{"a": NaN}'}, "configuration contains a number that JSON"),
    "infinity as text": ({"configuration": '{"a": 1e999}'}, "configuration contains a number that JSON"),
    "an endless number": ({"configuration": {"a": 10**30}}, "configuration contains a number that JSON"),
}  # fmt: skip


COMPLETE = {"name": "M", "connection_id": "Warehouse", "configuration": {}}


@pytest.mark.parametrize("bad", BAD)
async def test_invalid_input_is_refused_before_any_request(
    bad: str, tools: Tools, company: ScriptedApi
) -> None:
    arguments, told = BAD[bad]

    sent = arguments if "is missing" in told else COMPLETE | arguments

    text = await tools.refused("create_model", **sent)

    assert text.startswith("create_model: ")
    assert told in text
    assert len(text) < 2_000
    assert company.requests == []


@pytest.mark.parametrize("limit", [True, False, 0, -1, 1001, 1.5, "many", [1]])
async def test_an_invalid_limit_is_refused(limit: Any, tools: Tools, company: ScriptedApi) -> None:
    assert "limit: " in await tools.refused("list_connections", limit=limit)
    assert company.requests == []


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_connections", {"query": None, "type": None, "limit": None, "page_token": None}),
        ("update_connection", {"connection_id": "Warehouse", "name": "W", "keep_masked": None}),
        ("get_sync_execution", {"sync_id": "Plans to Gong", "execution_id": "x", "wait_seconds": None}),
        ("update_sync", {"sync_id": "Plans to Gong", "dry_run": None, "target": {"connection_id": None}}),
    ],
)
async def test_a_null_argument_counts_as_omitted(
    tool: str, arguments: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    company.echoes(f"PUT /api/connections/{company.WAREHOUSE}", id=company.WAREHOUSE)
    run = {"id": "x", "status": "completed"}
    company[f"GET /api/syncs/{company.SYNC}/executions/x"] = {"data": run}
    given = {name: part for name, part in arguments.items() if part is not None and name != "target"}

    with_nulls = await tools(tool, **arguments)
    company.requests.clear()

    assert with_nulls == await tools(tool, **given)


@pytest.mark.parametrize("name", ["null", '{"a": 1}', "[1]", "12", "true"])
async def test_a_string_that_looks_like_json_stays_a_string(
    name: str, tools: Tools, company: ScriptedApi
) -> None:
    company.echoes(f"PUT /api/models/{company.MODEL}", id=company.MODEL, fields=[])

    updated = await tools("update_model", model_id="Plans", name=name)

    assert updated["name"] == name
    assert (await tools("list_connections", query=name))["items"] == []


async def test_a_very_long_string_is_accepted(tools: Tools, company: ScriptedApi) -> None:
    company.echoes("POST /api/models", id="m", fields=[])

    made = await tools("create_model", name=HUGE, connection_id="Warehouse", configuration={"query": HUGE})

    (sent,) = company.bodies("POST /api/models")
    assert sent["name"] == HUGE
    assert HUGE.startswith(made["name"])
    (cut,) = [cut for cut in made["truncated"] if cut["pointer"] == "/name"]
    assert (cut["shown"], cut["total"]) == (len(made["name"]), len(HUGE))


async def test_the_deepest_allowed_nesting_is_accepted(tools: Tools, company: ScriptedApi) -> None:
    company.echoes("POST /api/models", id="m", fields=[])

    made = await tools("create_model", name="M", connection_id="Warehouse", configuration=nested(64))

    assert made["configuration"] == nested(64)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_unknown_tool_is_refused_by_its_name(mode: str, connect: Connect) -> None:
    async with connect(mode=mode) as tools:
        text = await tools.refused("no_such_tool")

    assert "no_such_tool" in text


async def test_too_many_problems_are_cut(tools: Tools) -> None:
    mappings = [{"wrong": 1} for _ in range(100)]

    text = await tools.refused("create_sync", name="S", mode="m", target={}, fields=mappings)

    assert len(text) < 2_000
