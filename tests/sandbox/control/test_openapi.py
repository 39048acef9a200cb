"""The OpenAPI document of the sandbox."""

import json
import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.cli import main
from polytomic_mcp.sandbox.control.openapi import describe
from polytomic_mcp.sandbox.routes import ROUTES


def shape(path: str) -> str:
    """Return a path without the names of its placeholders."""
    return re.sub(r"\{\w+\}", "{}", path)


async def test_the_document_is_served_without_a_key(sandbox: Starlette) -> None:
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as stranger:
        document = (await stranger.get("/sandbox/openapi.json")).json()

    ids = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert sorted(map(shape, ids)) == sorted(map(shape, ROUTES))
    assert len({shape(path) for path in document["paths"]}) == len(document["paths"])


def test_the_command_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sandbox", "--openapi"])

    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out) == describe(load_catalogue(), ROUTES)


def test_every_reference_refers_to_a_component() -> None:
    text = json.dumps(describe(load_catalogue(), ROUTES))
    components = json.loads(text)["components"]

    names = {part.split('"')[0] for part in text.split('"$ref": "#/components/')[1:]}
    assert "schemas/ApiError" in names
    for name in names:
        shelf, _, item = name.partition("/")
        assert item in components[shelf]


def test_every_array_has_items() -> None:
    arrays: list[dict[str, Any]] = []

    def note(schema: dict[str, Any]) -> dict[str, Any]:
        if schema.get("type") in ("array", ["array", "null"]):
            arrays.append(schema)
        return schema

    json.loads(json.dumps(describe(load_catalogue(), ROUTES)), object_hook=note)

    assert arrays
    assert [schema for schema in arrays if "items" not in schema] == []


def test_every_tag_is_declared() -> None:
    document = describe(load_catalogue(), ROUTES)

    used = {tag for item in document["paths"].values() for method in item.values() for tag in method["tags"]}
    assert used <= {tag["name"] for tag in document["tags"]}


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ("DELETE /api/models/{id}", "204"),
        ("POST /api/connections/test", "200"),
        ("GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}", "302"),
    ],
)
def test_an_answer_without_a_body_has_none(operation: str, status: str) -> None:
    method, path = operation.split(" ")
    document = describe(load_catalogue(), [operation])

    assert "content" not in document["paths"][path][method.lower()]["responses"][status]


def test_the_version_is_a_header_parameter() -> None:
    version = describe(load_catalogue(), ROUTES)["components"]["parameters"]["Version"]

    assert version["schema"] == {"type": "string", "enum": ["2025-09-18"]}
