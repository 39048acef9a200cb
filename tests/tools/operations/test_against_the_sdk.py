"""Every operation, called through the tools, sends what the official SDK sends for the same arguments."""

import datetime as dt
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import polytomic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polytomic.core.api_error import ApiError

from polytomic_mcp.catalogue import Operation, load_catalogue
from tests.conftest import EVERY_HEALTH_CHECK
from tests.tools.conftest import Connect, ScriptedApi

SCRIPTS = Path(__file__).parents[3] / "scripts"
MOMENT = "2025-01-02T03:04:05Z"
RUN_QUERY = "POST /api/connections/{connection_id}/query"

ids = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
numbers = st.integers(-(2**31), 2**31)
anything = st.recursive(
    text | numbers | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)


def values(schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """JSON values that fit a schema of the catalogue."""
    if "$ref" in schema:
        return values(load_catalogue().definitions[schema["$ref"].removeprefix("#/$defs/")], depth + 1)
    if "anyOf" in schema:
        return st.one_of([values(form, depth) for form in schema["anyOf"]])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return st.one_of([values(schema | {"type": kind}, depth) for kind in kinds])
    return by_type(schema, depth).get(str(kinds), anything)


def by_type(schema: dict[str, Any], depth: int) -> dict[str, st.SearchStrategy[Any]]:
    known = st.sampled_from(schema.get("examples", ["tomorrow's value"]))
    items = schema.get("items", {}) if depth < 3 else {"type": "null"}
    return {
        "string": st.just(MOMENT) if schema.get("format") == "date-time" else text | known,
        "array": st.lists(st.deferred(lambda: values(items, depth)), max_size=2 if depth < 3 else 0),
        "object": objects(schema, depth) if schema.get("type") == "object" else anything,
        "integer": numbers,
        "number": numbers,
        "boolean": st.booleans(),
        "null": st.none(),
    }


def objects(schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return st.dictionaries(ids, values(schema.get("additionalProperties", {}), depth), max_size=2)
    required = schema.get("required", [])
    parts = {name: values(part, depth) for name, part in schema["properties"].items() if depth < 4}
    return st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in required},
        optional={name: part for name, part in parts.items() if name not in required},
    )


def arguments_of(operation: Operation) -> st.SearchStrategy[dict[str, Any]]:
    known = [parameter for parameter in operation.parameters if parameter.is_in_sdk]
    parts = {each.name: ids if each.place == "path" else values(dict(each.schema)) for each in known}
    return st.fixed_dictionaries(
        {each.name: parts[each.name] for each in known if each.required},
        optional={each.name: parts[each.name] for each in known if not each.required},
    )


def samples(operation: Operation) -> list[dict[str, Any]]:
    """A few sets of arguments, the same in every run."""
    made: list[dict[str, Any]] = []

    @settings(
        max_examples=max(1, settings().max_examples * 3 // 50),
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=EVERY_HEALTH_CHECK,
    )
    @given(arguments_of(operation))
    def keep(arguments: dict[str, Any]) -> None:
        made.append(arguments)

    keep()
    return made


class Sdk:
    """The official SDK on a transport that keeps each request and answers nothing it would parse."""

    def __init__(self, functions: dict[str, Callable[..., Any]]) -> None:
        self.functions = functions
        self.requests: list[httpx.Request] = []
        client = httpx.Client(transport=httpx.MockTransport(self._keep))
        self._wrapper = polytomic.Polytomic(token="key", httpx_client=client)._client_wrapper

    def _keep(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(418, json={})

    def send(self, operation: Operation, arguments: dict[str, Any]) -> httpx.Request:
        function = self.functions[operation.id]
        client = inspect.getmodule(function)
        raw = next(
            kind
            for name, kind in vars(client).items()
            if name.startswith("Raw") and function.__name__ in vars(kind)
        )
        plain = {name.replace("_", "").lower(): value for name, value in arguments.items()}
        taken = {
            name: plain[name.replace("_", "").lower()]
            for name in inspect.signature(function).parameters
            if name.replace("_", "").lower() in plain
        }
        moments = {
            name: dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC) for name in taken if taken[name] == MOMENT
        }
        with pytest.raises(ApiError):
            function(raw(client_wrapper=self._wrapper), **(taken | moments))
        return self.requests[-1]


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Sdk:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import official_sdk  # noqa: PLC0415 - found by the line above

    schemas = official_sdk._Schemas()
    return Sdk({official_sdk._Call(each, schemas).id: each for each in official_sdk._functions()})


def wire(request: httpx.Request) -> tuple[Any, ...]:
    query = sorted(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    return request.method, request.url.path, query, json.loads(request.content or "null")


@pytest.mark.slow
async def test_what_leaves_is_what_the_sdk_sends(connect: Connect, api: ScriptedApi, sdk: Sdk) -> None:
    async with connect() as tools:
        for operation in load_catalogue().values():
            for arguments in samples(operation):
                called = {"operation": operation.id, "arguments": arguments}
                ids = [arguments[each.name] for each in operation.parameters if each.place == "path"]
                if operation.effect == "read":
                    await tools.refused("read_operation", **called)
                else:
                    await tools.refused("write_operation", **called, confirm=ids[-1] if ids else operation.id)
                method, path, query, body = wire(api.requests[-1])
                expected = wire(sdk.send(operation, arguments))
                if operation.id == RUN_QUERY and "query" in arguments:
                    expected = (*expected[:3], {"query": arguments["query"]})  # written twice on purpose

                assert (method, path, query, body) == expected, (operation.id, arguments)
