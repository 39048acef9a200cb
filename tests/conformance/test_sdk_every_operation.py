"""The official SDK calls every emulated operation, and every answer is validated strictly against its model.

An operation that the sandbox learns joins by its row in ``sdk_calls.json``: the arguments of one call
that works.
"""

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from polytomic import AsyncPolytomic, Polytomic
from starlette.applications import Starlette

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.catalogue.responses import load_responses
from polytomic_mcp.sandbox.gateway.emulation import load_emulation
from polytomic_mcp.sandbox.routes import ROUTES

SCRIPTS = Path(__file__).parents[2] / "scripts"
CALLS = Path(__file__).parent / "sdk_calls.json"

ROWS: dict[str, dict[str, Any]] = json.loads(CALLS.read_text(encoding="utf-8"))
"""The arguments of a call by operation; ``@name`` stands for an id of the stage in conftest.py."""

# What answers hold though the SDK's models lack it.
BEYOND = {
    "pagination",  # the documentation pages lists whose models have no place for it
    "healthcheck_interval",  # told back as it was given
    "id",  # of a schedule
    "label",  # of a mode; the models of the two kinds of modes differ
    "description",
    "supports_field_sync_mode",
    # Creating and updating a connection answers with all that reading it does.
    "api_calls_last_24_hours",
    "rate_limit",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
}

FORMATS = FormatChecker(formats=())
FORMATS.checks("date-time", raises=ValueError)(
    lambda value: not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None
)

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def methods() -> dict[str, Call]:
    """The methods of the SDK by operation id."""
    spec = importlib.util.spec_from_file_location("official_sdk", SCRIPTS / "official_sdk.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "official_sdk", module)
        spec.loader.exec_module(module)
        return module.find_methods()


@pytest.fixture
def copy(stage: Any, tmp_path: Path) -> Iterator[Starlette]:
    app = stage.copy(tmp_path)
    yield app
    app.state.workspace.close()


def resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """Replace the names in a row with the stage's ids."""
    match value:
        case dict():
            return {name: resolved(part, ids) for name, part in value.items()}
        case list():
            return [resolved(part, ids) for part in value]
        case str() if value.startswith("@"):
            return ids[value[1:]]
        case _:
            return value


def arguments(operation: str, method: Call, ids: Mapping[str, str]) -> dict[str, Any]:
    """Return a row's arguments under the SDK's names and in its types; a token goes another way."""
    hints = {plain(name): (name, str(hint)) for name, hint in get_type_hints(method).items()}
    given: dict[str, Any] = {}
    for wire_name, value in resolved(ROWS[operation], ids).items():
        if plain(wire_name) in hints:
            name, hint = hints[plain(wire_name)]
            given[name] = datetime.fromisoformat(value) if "datetime" in hint else value
    return given


def plain(name: str) -> str:
    """Return a name in a form that the API and the SDK share."""
    return name.lower().removeprefix("x-").replace("_", "").replace("-", "")


def token(operation: str, ids: Mapping[str, str]) -> str:
    """Return the key for a call: the row's own or the sandbox's."""
    return str(resolved(ROWS[operation].get("token", "sandbox-key"), ids))


def client_of(method: Call, wrapper: Any, prefix: str = "") -> Call:
    """Return a method of a raw client, bound to a connection to the API."""
    client = getattr(importlib.import_module(method.__module__), prefix + method.__qualname__.split(".")[0])
    bound: Call = getattr(client(client_wrapper=wrapper), method.__name__)
    return bound


def require_faithful(operation: str, response: httpx.Response, data: Any) -> None:
    """Validate an answer against its schema and its model: nothing may be missing, wrong or unknown."""
    schema = load_responses().schemas[operation]
    first = response.history[0] if response.history else response
    assert first.headers["X-Polytomic-Version"] == "2025-09-18"
    if schema is None:
        assert response.history or not response.content
        return
    complete = {**schema, "$defs": load_responses().definitions}
    errors = Draft202012Validator(complete, format_checker=FORMATS).iter_errors(response.json())
    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []
    data.model_dump_json()  # warns of a value that is not of its field's type
    assert sorted(place for place in unknown(data) if place.rpartition(".")[2] not in BEYOND) == []


def unknown(value: Any, place: str = "") -> Iterator[str]:
    """Yield the paths in an answer that its model does not have."""
    if isinstance(value, list):
        for part in value:
            yield from unknown(part, f"{place}[]")
    elif hasattr(value, "model_fields_set"):
        yield from (f"{place}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from unknown(getattr(value, name), f"{place}.{name}")


def test_every_emulated_operation_has_a_row() -> None:
    assert set(ROUTES) - set(ROWS) == set(ROUTES) & set(load_emulation().refused)
    assert set(ROWS) <= set(load_catalogue())


@pytest.mark.parametrize("operation", sorted(ROWS.keys() & ROUTES.keys()))
def test_the_sdk_parses_every_answer(
    operation: str, stage: Any, copy: Starlette, bridge: Call, methods: dict[str, Call]
) -> None:
    method = methods[operation]
    with httpx.Client(transport=bridge(copy), follow_redirects=True) as http:
        sdk = Polytomic(
            token=token(operation, stage.ids), base_url="http://sandbox", httpx_client=http, max_retries=0
        )
        call = client_of(method, sdk._client_wrapper)
        answer = call(**arguments(operation, method, stage.ids))

    require_faithful(operation, answer._response, answer.data)


@pytest.mark.parametrize("operation", sorted(ROWS.keys() & ROUTES.keys()))
async def test_the_asynchronous_sdk_parses_an_answer(
    operation: str, stage: Any, copy: Starlette, methods: dict[str, Call]
) -> None:
    method = methods[operation]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(copy), follow_redirects=True) as http:
        sdk = AsyncPolytomic(
            token=token(operation, stage.ids), base_url="http://sandbox", httpx_client=http, max_retries=0
        )
        call = client_of(method, sdk._client_wrapper, "Async")
        answer = await call(**arguments(operation, method, stage.ids))

    require_faithful(operation, answer._response, answer.data)
