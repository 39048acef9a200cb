import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.catalogue import Catalogue, Operation, Parameter, load_catalogue
from polytomic_mcp.errors import ArgumentError, MissingArgumentError, UnknownArgumentError

HOSTILE = [
    "../../me",
    "x?force=true",
    "%2e%2e",
    "%2F",
    "a/b",
    "a\\b",
    "a#b",
    "a;b",
    "...",
    "\0",
    "é ",
    "x" * 10_240,
]

text = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE)
ids = text.filter(lambda part: part not in {"", ".", ".."})
scalars = text | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
members = text.filter(lambda name: name and not {"[", "]"} & set(name))
json_values = st.recursive(
    st.none() | scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
)


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.place == "path":
        return ids | st.integers()
    if parameter.place == "body":
        return json_values
    if parameter.style == "deepObject":
        return st.dictionaries(members, scalars | st.lists(scalars, max_size=3), max_size=3)
    if parameter.schema["type"] == "array":
        return st.lists(scalars, max_size=3)
    return scalars


@st.composite
def calls(draw: st.DrawFn) -> tuple[Operation, dict[str, Any]]:
    operation = draw(st.sampled_from(list(load_catalogue().values())))
    arguments = {
        parameter.name: draw(values_of(parameter))
        for parameter in operation.parameters
        if parameter.required or draw(st.booleans())
    }
    return operation, arguments


def sent(operation: Operation, arguments: Mapping[str, Any]) -> httpx.Request:
    """What a client would put on the wire."""
    request = operation.bind(arguments)
    content = None if request.body is None else json.dumps(request.body)
    url = httpx.URL(f"https://api.test{request.path}", params=request.query)
    return httpx.Request(request.method, url, content=content)


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def as_pairs(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for member, inner in value.items() for pair in as_pairs(f"{name}[{member}]", inner)]
    return [(name, as_text(item)) for item in (value if isinstance(value, list) else [value])]


@settings(deadline=None, max_examples=settings().max_examples * 4)
@given(calls())
def test_nothing_is_lost_invented_or_moved(call: tuple[Operation, dict[str, Any]]) -> None:
    operation, arguments = call
    request = sent(operation, arguments)
    places = {parameter.name: parameter.place for parameter in operation.parameters}

    path, _, query = request.url.raw_path.decode().partition("?")
    template = operation.path.split("/")
    parts = [unquote(part, errors="strict") for part in path.split("/")]
    assert parts == [as_text(arguments[part[1:-1]]) if part.startswith("{") else part for part in template]
    assert parse_qsl(query, keep_blank_values=True, errors="strict") == [
        pair
        for name, place in places.items()
        if place == "query" and name in arguments
        for pair in as_pairs(name, arguments[name])
    ]
    body = {name: value for name, value in arguments.items() if places[name] == "body"}
    assert json.loads(request.content or "null") == (body if operation.has_body else None)
    assert (request.method, request.url.host, request.url.fragment) == (operation.method, "api.test", "")


def test_every_operation_can_be_bound_with_all_of_its_parameters(catalogue: Catalogue) -> None:
    for operation in catalogue.values():
        arguments = {p.name: {"m": "v"} if p.style == "deepObject" else "v" for p in operation.parameters}
        request = operation.bind(arguments)

        assert request.operation is operation
        assert request.path.count("v") >= operation.path.count("{")
        assert len(request.query) == sum(p.place == "query" for p in operation.parameters)
        assert len(request.body or {}) == sum(p.place == "body" for p in operation.parameters)
        assert (request.body is None) == (not operation.has_body)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_cannot_change_the_rest_of_the_path(catalogue: Catalogue, value: str) -> None:
    request = sent(catalogue["DELETE /api/connections/{id}"], {"id": value})

    assert request.url.raw_path.count(b"/") == 3
    assert unquote(request.url.raw_path.decode().split("/")[3]) == value
    assert request.url.query == b""


@pytest.mark.parametrize("value", ["", ".", "..", True, 1.5, ["a"], {"a": 1}])
def test_a_value_that_is_not_a_path_segment_is_refused(catalogue: Catalogue, value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^GET /api/connections/\{id\}: id is part of the path"):
        catalogue["GET /api/connections/{id}"].bind({"id": value})


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("GET /api/connections/{id}/modelsync/source", "id"),
        ("GET /api/connections/{id}/modelsync/source", "params"),
        ("POST /api/connections/{id}/proxy", "request"),
    ],
)
def test_half_a_surrogate_pair_is_refused_everywhere(
    catalogue: Catalogue, operation: str, name: str, value: str
) -> None:
    arguments = {"id": "1", "request": {}} if "proxy" in operation else {"id": "1"}
    held = value if name == "id" else {"a": [value]} if name == "params" else {"headers": {value: [{"x": 1}]}}

    with pytest.raises(ArgumentError, match=f"{name} contains half of a surrogate pair"):
        catalogue[operation].bind(arguments | {name: held})


def nested(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "not a JSON value"),
        (object(), "not a JSON value"),
        ({("a",): 1}, "not a JSON value"),
        (nested(100_000), "nested too deeply"),
    ],
)
def test_a_value_that_is_not_json_is_refused(catalogue: Catalogue, value: Any, reason: str) -> None:
    with pytest.raises(ArgumentError, match=f"^POST /api/connections: configuration is {reason}"):
        catalogue["POST /api/connections"].bind({"name": "n", "type": "gong", "configuration": value})


def test_an_absent_argument_is_absent_and_none_is_null_in_a_body(catalogue: Catalogue) -> None:
    operation = catalogue["POST /api/webhooks"]
    arguments = {"endpoint": "https://e.test", "secret": None}

    assert operation.bind(arguments).body == arguments


def test_a_body_without_arguments_is_an_empty_object(catalogue: Catalogue) -> None:
    assert catalogue["POST /api/syncs/{id}/executions"].bind({"id": "1"}).body == {}
    assert catalogue["POST /api/syncs/{id}/cancel"].bind({"id": "1"}).body is None


def test_none_is_absent_in_a_query(catalogue: Catalogue) -> None:
    operation = catalogue["GET /api/connections/{id}/modelsync/target/fields"]
    request = operation.bind({"id": "1", "target": None, "properties": None, "refresh": False})

    assert request.query == (("refresh", "false"),)


def test_a_query_writes_lists_as_repeated_names_and_objects_as_members(catalogue: Catalogue) -> None:
    source = catalogue["GET /api/connections/{id}/modelsync/source"]
    activity = catalogue["GET /api/organization/harbor-activity"]
    window = {"start_time": "2025-01-01T00:00:00Z", "end_time": "2025-01-02T00:00:00Z"}

    request = source.bind(
        {"id": "1", "params": {"table": "a", "column": ["b", 1, True, None], "none": None, 2: "c"}}
    )
    assert request.query == (
        ("params[table]", "a"),
        ("params[column]", "b"),
        ("params[column]", "1"),
        ("params[column]", "true"),
        ("params[2]", "c"),
    )
    repeated = activity.bind(window | {"harbor_id": ["h", "i"], "outcome": "ok"}).query
    assert {("harbor_id", "h"), ("harbor_id", "i"), ("outcome", "ok")} < set(repeated)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"refresh": [True]}, "refresh must be one value"),
        ({"target": {"a": "b"}}, "target must be one value"),
        ({"properties": "account=1"}, "properties must be an object"),
        ({"properties": {"a": {"b": "c"}}}, "properties must be single values"),
        ({"properties": {"a": [["b"]]}}, "properties must be single values"),
        ({"properties": {"": "b"}}, "properties has a member whose name is empty"),
        ({"properties": {"a][b": "c"}}, "properties has a member whose name"),
    ],
)
def test_a_value_that_does_not_fit_a_query_is_refused(
    catalogue: Catalogue, arguments: dict[str, Any], reason: str
) -> None:
    operation = catalogue["GET /api/connections/{id}/modelsync/target/fields"]

    with pytest.raises(ArgumentError, match=f": {reason}"):
        operation.bind({"id": "1"} | arguments)


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        (
            "POST /api/webhooks",
            {"endpiont": "e"},
            "POST /api/webhooks: Unknown argument 'endpiont'. Did you mean 'endpoint'?",
        ),
        ("GET /api/me", {"id": "1"}, "GET /api/me: Unknown argument 'id'. There are none."),
        ("GET /api/webhooks/{id}", {"q" * 9_999: 1}, "qqq…'. Valid values: id."),
    ],
)
def test_an_unknown_argument_is_refused_with_the_nearest_name(
    catalogue: Catalogue, operation: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UnknownArgumentError) as refusal:
        catalogue[operation].bind(arguments)

    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("operation", "arguments", "missing"),
    [
        ("GET /api/webhooks/{id}", {}, "id"),
        ("GET /api/webhooks/{id}", {"id": None}, "id"),
        ("POST /api/webhooks", {"secret": "s"}, "endpoint"),
        ("GET /api/organization/harbor-activity", {"start_time": None}, "end_time and start_time"),
    ],
)
def test_a_missing_argument_is_named(
    catalogue: Catalogue, operation: str, arguments: dict[str, Any], missing: str
) -> None:
    with pytest.raises(MissingArgumentError) as refusal:
        catalogue[operation].bind(arguments)

    assert str(refusal.value) == f"{operation}: missing {missing}."
