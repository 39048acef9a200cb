"""``/sandbox/openapi.json``: the emulated operations as OpenAPI 3.1, with the catalogue's schemas."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, Final, cast

from starlette.routing import Route

from polytomic_mcp.catalogue import Catalogue, Operation, Parameter, load_catalogue
from polytomic_mcp.catalogue.groups import GROUPS, group_of
from polytomic_mcp.catalogue.responses import load_responses
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.calls.versions import HEADER as VERSION_HEADER
from polytomic_mcp.sandbox.control.route import Control, control
from polytomic_mcp.sandbox.gateway.idempotency import HEADER as IDEMPOTENCY_HEADER
from polytomic_mcp.sandbox.gateway.idempotency import KEY_FORM
from polytomic_mcp.sandbox.gateway.validation import JUDGED_BY_ROUTE
from polytomic_mcp.sandbox.routes import ROUTES as OPERATIONS

_ABOUT: Final = "The operations that the sandbox emulates, in the current version of the API."

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_SCHEMAS: Final = "#/components/schemas/"

_REDIRECTS: Final = frozenset({"GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"})
"""Operations that answer with 302 and the URL of a file."""

_IDEMPOTENCY_KEY: Final[JsonObject] = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "description": "A repeated call with the same key gets the first outcome.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 255, "pattern": f"^{KEY_FORM}$"},
}

_VERSION: Final[JsonObject] = {
    "name": VERSION_HEADER,
    "in": "header",
    "required": True,
    "description": "The version of the API that serves the call.",
    "schema": {"type": "string", "enum": [CURRENT]},
}

_ERROR: Final[JsonObject] = {
    "description": "An error.",
    "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}ApiError"}}},
}

_API_ERROR: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "key": {"type": "string"},
        "message": {"type": "string"},
        "metadata": {"type": "object"},
        "status": {"type": "integer"},
    },
    "required": ["message", "status"],
}


_UNAUTHORIZED: Final[JsonObject] = {
    "description": "The key is missing or does not work. A call without a version gets the older shape.",
    "content": {
        "application/json": {
            "schema": {"anyOf": [{"$ref": f"{_SCHEMAS}{name}"} for name in ("ApiError", "RestErrResponse")]}
        }
    },
}

_OLDER_ERROR: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "code": {"type": "integer"},
        "context": {"type": "object"},
        "error": {"type": "string"},
        "status": {"type": "string"},
    },
    "required": ["code", "error", "status"],
}


def describe(catalogue: Catalogue, routes: Collection[str]) -> JsonObject:
    """Return the OpenAPI 3.1 document of the operations whose ids are in ``routes``.

    It describes the current version of the API. The schemas of answers are those of the 2025-09-18 SDK.
    """
    paths: dict[str, JsonObject] = defaultdict(dict)
    paths_by_shape: dict[str, str] = {}
    for operation in catalogue.values():
        if operation.id in routes:
            path = paths_by_shape.setdefault(_PLACEHOLDER.sub("{}", operation.path), operation.path)
            paths[path][operation.method.lower()] = _with_names(_operation(operation), operation.path, path)
    definitions = {**load_responses().definitions, **catalogue.definitions}
    document: JsonObject = {
        "openapi": "3.1.0",
        "info": {"title": "Polytomic sandbox", "version": CURRENT, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": group} for group in GROUPS],
        "paths": dict(paths),
        "components": {
            "schemas": {**definitions, "ApiError": _API_ERROR, "RestErrResponse": _OLDER_ERROR},
            "parameters": {"Version": _VERSION, "IdempotencyKey": _IDEMPOTENCY_KEY},
            "responses": {"Error": _ERROR, "Unauthorized": _UNAUTHORIZED},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    text = json.dumps(document).replace('"#/$defs/', f'"{_SCHEMAS}')
    return json.loads(text, object_hook=_with_items)


def _with_names(described: JsonObject, own: str, path: str) -> JsonObject:
    """Name the placeholders as in ``path``: OpenAPI does not distinguish paths by their names."""
    names = dict(zip(_PLACEHOLDER.findall(own), _PLACEHOLDER.findall(path), strict=True))
    for parameter in described["parameters"]:
        if parameter.get("in") == "path":
            parameter["name"] = names[parameter["name"]]
    return described


def _with_items(schema: JsonObject) -> JsonObject:
    """Add ``items`` to the schema of an array without it, which generators require."""
    return {"items": {}, **schema} if "array" in _types(schema) else schema


def _types(schema: JsonObject) -> list[Any]:
    named = schema.get("type")
    return cast("list[Any]", named) if isinstance(named, list) else [named]


def _operation(operation: Operation) -> JsonObject:
    described: JsonObject = {
        "operationId": _name(operation.id),
        "summary": operation.summary,
        "tags": [group_of(operation)],
        "parameters": list(_parameters(operation)),
        "responses": {
            **_success(operation),
            "401": _reference("Unauthorized"),
            "4XX": _reference("Error"),
            "5XX": _reference("Error"),
        },
    }
    if operation.has_body:
        described["requestBody"] = _body([p for p in operation.parameters if p.place == "body"], operation.id)
    return described


def _name(operation_id: str) -> str:
    """Return an id as an identifier: ``get_api_syncs_id``."""
    return "_".join(part.strip("{}") for part in operation_id.lower().replace(" ", "").split("/"))


def _parameters(operation: Operation) -> Iterator[JsonObject]:
    yield {"$ref": "#/components/parameters/Version"}
    if operation.takes_idempotency_key:
        yield {"$ref": "#/components/parameters/IdempotencyKey"}
    for parameter in operation.parameters:
        if parameter.place != "body":
            yield _parameter(parameter)


def _parameter(parameter: Parameter) -> JsonObject:
    described: JsonObject = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": {**parameter.schema, **({"minLength": 1} if parameter.place == "path" else {})},
    }
    if parameter.style == "deepObject":
        described |= {"style": "deepObject", "explode": True}
    return described


def _body(parameters: list[Parameter], operation_id: str) -> JsonObject:
    required = [p.name for p in parameters if p.required and (operation_id, p.name) not in JUDGED_BY_ROUTE]
    schema: JsonObject = {
        "type": "object",
        "properties": {parameter.name: parameter.schema for parameter in parameters},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _success(operation: Operation) -> JsonObject:
    schema = load_responses().schemas[operation.id]
    headers = {VERSION_HEADER: {"description": "The version served.", "schema": {"type": "string"}}}
    if operation.id in _REDIRECTS:
        location = {"description": "The URL of the file.", "required": True, "schema": {"type": "string"}}
        return {
            "302": {"description": "A redirect to the file.", "headers": {**headers, "Location": location}}
        }
    if schema is None:
        status = "204" if operation.method == "DELETE" else "200"
        return {status: {"description": "Done.", "headers": headers}}
    content = {"application/json": {"schema": schema}}
    return {"200": {"description": "Done.", "headers": headers, "content": content}}


def _reference(response: str) -> JsonObject:
    return {"$ref": f"#/components/responses/{response}"}


def get(request: Control) -> JsonObject:
    """Return the document of every operation that the sandbox emulates."""
    del request
    return describe(load_catalogue(), OPERATIONS)


ROUTES: Final[tuple[Route, ...]] = (control("GET", "/openapi.json", get),)
