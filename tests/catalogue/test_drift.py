import datetime as dt
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints
from urllib.parse import parse_qsl

import httpx
import polytomic
import pytest
from polytomic.core.api_error import ApiError

from polytomic_mcp.catalogue import Catalogue, Operation

MOMENT = dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr("sys.argv", ["catalogue", *options])
    return script.main()


def test_the_catalogue_matches_the_installed_sdk(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(script, monkeypatch, "--check")

    assert (status, *capsys.readouterr()) == (0, "", "")


def test_an_outdated_catalogue_is_reported_and_then_updated(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stale = tmp_path / "operations.json"
    stale.write_text(script.OUTPUT.read_text("utf-8").replace('"GET /api/me"', '"GET /api/you"'), "utf-8")

    assert run(script, monkeypatch, "--check", "--output", str(stale)) == 1
    shown = capsys.readouterr()
    assert '-  "GET /api/you": {' in shown.out.splitlines()
    assert '+  "GET /api/me": {' in shown.out.splitlines()
    assert "run scripts/catalogue" in shown.err
    assert run(script, monkeypatch, "--output", str(stale)) == 0
    assert stale.read_bytes() == script.OUTPUT.read_bytes()


def test_a_missing_catalogue_differs(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run(script, monkeypatch, "--check", "--output", str(tmp_path / "absent.json")) == 1


def test_missing_stale_and_long_texts_are_named(script: ModuleType) -> None:
    judged = [*script.READS, *script.DESTROYS, *script.ADDITIONS]
    operations = {name: {"parameters": []} for name in [*judged, "GET /api/a", "GET /api/b"]}
    summaries = dict.fromkeys(operations, "Short.") | {"GET /api/a": "long " * 30, "GET /api/gone": "Old."}
    del summaries["GET /api/b"]
    words = dict.fromkeys(operations, "some words") | {"GET /api/old": "older"}
    del words["GET /api/a"]

    assert list(script.problems(operations, summaries, words)) == [
        "summaries.toml has no entry for GET /api/b.",
        "words.toml has no entry for GET /api/a.",
        "summaries.toml has an entry for GET /api/gone, which is not in the SDK.",
        "words.toml has an entry for GET /api/old, which is not in the SDK.",
        "The summary of GET /api/a has 150 characters, not 1 to 140.",
    ]


def test_an_effect_for_a_removed_operation_fails(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The script has no such entry: its own check would fail.
    monkeypatch.setattr(script, "READS", {"POST /api/gone": "was harmless"})

    assert run(script, monkeypatch, "--check") == 1
    assert "READS has an entry for POST /api/gone, which is not in the SDK." in capsys.readouterr().err


def test_an_addition_that_the_sdk_has_fails(script: ModuleType) -> None:
    row = {"parameters": [{"name": "limit", "in": "query", "schema": {}}]}

    with pytest.raises(
        script.CatalogueError, match="GET /api/models has several parameters of the same name"
    ):
        script.complete("GET /api/models", row, "List models.", "datasets")


def sdk_functions() -> Iterator[tuple[type, str]]:
    for module in pkgutil.walk_packages(polytomic.__path__, "polytomic."):
        if module.name.endswith(".raw_client"):
            for name, client in vars(importlib.import_module(module.name)).items():
                if name.startswith("Raw"):
                    yield from ((client, name) for name in vars(client) if not name.startswith("_"))


def sample(name: str, hint: Any) -> Any:
    """A value that an argument of the SDK takes."""
    words = str(hint)
    if dt.datetime in (hint, *get_args(hint)):
        return MOMENT
    if "Dict[str, typing.Optional[typing.Sequence" in words:
        return {"member": ["a", "b"]}
    if "Dict[" in words and "Sequence[" not in words:
        return {"member": "value"}
    if "Sequence[" in words or "List[" in words:
        return ["a", "b"]
    return {bool: True, int: 7, float: 0.5}.get(next(iter(get_args(hint)), hint), f"arg-{name}")


class Witness:
    """The official SDK on a transport that keeps each request and answers nothing it would parse."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        client = httpx.Client(transport=httpx.MockTransport(self._keep))
        self._wrapper = polytomic.Polytomic(token="key", httpx_client=client)._client_wrapper

    def _keep(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(418, json={})

    def ask(self, client: type, name: str) -> tuple[httpx.Request, dict[str, Any]]:
        function: Callable[..., Any] = getattr(client(client_wrapper=self._wrapper), name)
        hints = get_type_hints(function)
        names = [name for name in inspect.signature(function).parameters if name != "request_options"]
        arguments = {name: sample(name, hints[name]) for name in names}
        with pytest.raises(ApiError):
            function(**arguments)
        return self.requests[-1], arguments


def wire(operation: Operation, arguments: dict[str, Any]) -> dict[str, Any]:
    """The SDK's arguments under their wire names; the headers' are left out."""
    plain = {name.replace("_", "").lower(): value for name, value in arguments.items()}
    taken = {p.name: plain[p.name.replace("_", "").lower()] for p in operation.parameters if p.is_in_sdk}
    return {name: "2025-01-02T03:04:05Z" if value is MOMENT else value for name, value in taken.items()}


def test_the_sdk_sends_the_same_request_as_bind(catalogue: Catalogue) -> None:
    witness = Witness()
    seen: set[str] = set()
    for client, name in sdk_functions():
        request, arguments = witness.ask(client, name)
        path = request.url.path
        for argument, value in arguments.items():
            path = path.replace(f"/arg-{argument}", f"/{{{argument}}}") if isinstance(value, str) else path
        operation = catalogue.find(f"{request.method} {path}")
        bound = operation.bind(wire(operation, arguments))
        seen.add(operation.id)

        assert bound.path == request.url.path
        assert sorted(bound.query) == sorted(parse_qsl(request.url.query.decode())), operation.id
        assert bound.body == (json.loads(request.content) if request.content else None), operation.id
        assert set(operation.headers) == {h for h in operation.headers if h in request.headers}
        assert len(arguments) == len(wire(operation, arguments)) + len(operation.headers)
    assert seen == set(catalogue)
