"""The official SDK as data: what its methods send, and the types of arguments and answers as JSON Schema."""

import ast
import datetime as dt
import importlib
import inspect
import pkgutil
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import polytomic
from pydantic import BaseModel

__all__ = ["Json", "by_place", "find_methods", "read_responses", "read_sdk"]

Json = dict[str, Any]

_PRIMITIVES: Final[dict[Any, Json]] = {
    bool: {"type": "boolean"},
    dt.datetime: {"type": "string", "format": "date-time"},
    float: {"type": "number"},
    int: {"type": "integer"},
    str: {"type": "string"},
}


def read_sdk() -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the SDK's operations by id, and the definitions that their parameters refer to."""
    schemas = _Schemas()
    calls = [_Call(function, schemas) for function in _functions()]
    return {call.id: call.row() for call in calls}, schemas.definitions


def find_methods() -> dict[str, Callable[..., Any]]:
    """Return the methods of the SDK's raw synchronous clients by the id of the operation they call."""
    schemas = _Schemas()
    return {_Call(function, schemas).id: function for function in _functions()}


def read_responses() -> tuple[dict[str, Json | None], dict[str, Json]]:
    """Return the schema of each operation's answer, None for no body, and the definitions they refer to."""
    schemas = _Schemas()
    calls = [_Call(function, schemas) for function in _functions()]
    return {call.id: call.response() for call in calls}, schemas.definitions


def by_place(parameter: Json) -> tuple[int, bool, str]:
    """Sort parameters by place, then the required ones first; those of a path keep their order."""
    place = ("path", "query", "body").index(parameter["in"])
    return place, not parameter.get("required"), parameter["name"] if place else ""


def _functions() -> Iterator[Callable[..., Any]]:
    for module in pkgutil.walk_packages(polytomic.__path__, "polytomic."):
        if module.name.endswith(".raw_client"):
            for name, client in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if name.startswith("Raw"):
                    yield from (function for _, function in inspect.getmembers(client, _sends_request))


def _sends_request(member: Any) -> bool:
    return inspect.isfunction(member) and not member.__name__.startswith("_")


@dataclass
class _Schemas:
    """Python types as JSON Schema; models become definitions.

    A closed enumeration would reject values that the API adds later, so known values are listed in
    ``examples``, which documents them and rejects nothing.
    """

    definitions: dict[str, Json] = field(default_factory=dict[str, Json])

    def of(self, hint: Any) -> Json:
        """Return the schema of a type."""
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self.union(arguments)
        if origin is Literal:
            return {"type": "string", "examples": list(arguments)}
        if inspect.isclass(origin) and issubclass(origin, Mapping):
            return self._container("object", "additionalProperties", arguments[1])
        if inspect.isclass(origin) and issubclass(origin, Sequence):
            return self._container("array", "items", arguments[0])
        if inspect.isclass(hint) and issubclass(hint, BaseModel):
            return self._reference(hint)
        return {} if hint is Any else _PRIMITIVES[hint]

    def _container(self, name: str, keyword: str, content: Any) -> Json:
        schema = self.of(content)
        return {"type": name} | ({keyword: schema} if schema else {})

    def union(self, members: Sequence[Any]) -> Json:
        """Return the schema of a value that is one of several types."""
        known = [value for member in members if get_origin(member) is Literal for value in get_args(member)]
        others = [
            member for member in members if get_origin(member) is not Literal and member is not type(None)
        ]
        if known:
            others = [Literal[tuple(known)], *(member for member in others if member is not Any)]
        schemas = [self.of(member) for member in others]
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        return _nullable(schema) if type(None) in members else schema

    def _reference(self, model: type[BaseModel]) -> Json:
        if model.__name__ not in self.definitions:
            self.definitions[model.__name__] = {}  # A model may contain itself.
            self.definitions[model.__name__] = self._define(model)
        return {"$ref": f"#/$defs/{model.__name__}"}

    def _define(self, model: type[BaseModel]) -> Json:
        fields = {member.alias or name: member for name, member in model.model_fields.items()}
        required = sorted(name for name, member in fields.items() if member.is_required())
        properties = {name: self.of(member.annotation) for name, member in sorted(fields.items())}
        return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _nullable(schema: Json) -> Json:
    if "anyOf" in schema:
        return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema | {"type": [schema["type"], "null"]} if schema else {}


@dataclass
class _Call:
    """One method of the SDK, read from its signature and from the request in its source."""

    function: Callable[..., Any]
    schemas: _Schemas

    def __post_init__(self) -> None:
        source = textwrap.dedent(inspect.getsource(self.function))
        calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
        request = next(c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "request")
        self.url = request.args[0]
        self.parts = {keyword.arg: keyword.value for keyword in request.keywords}
        self.hints = get_type_hints(self.function)
        self.arguments = inspect.signature(self.function).parameters

    @property
    def id(self) -> str:
        """The operation's name, ``METHOD /api/path``."""
        return f"{ast.literal_eval(self.parts['method'])} /{''.join(self._path())}"

    def row(self) -> Json:
        """Return the operation as in the catalogue, without the parts that the SDK does not have."""
        parameters = sorted(self._parameters(), key=by_place)
        row: Json = {"parameters": parameters} if parameters else {}
        if headers := sorted(name for name, _ in self._dictionary("headers") if name != "content-type"):
            row["headers"] = headers
        if any(parameter["name"] == "async" for parameter in parameters):
            row["async"] = True
        if "json" in self.parts:
            row["body"] = True
        return row

    def response(self) -> Json | None:
        """Return the schema of a successful answer, None for an empty body."""
        (content,) = get_args(self.hints["return"])
        return None if content is type(None) else self.schemas.of(content)

    def _path(self) -> Iterator[str]:
        pieces = self.url.values if isinstance(self.url, ast.JoinedStr) else [self.url]
        for piece in pieces:
            yield str(piece.value) if isinstance(piece, ast.Constant) else f"{{{self._argument(piece)}}}"

    def _parameters(self) -> Iterator[Json]:
        for piece in self._path():
            if piece.startswith("{"):
                yield self._parameter("path", piece[1:-1], piece[1:-1], self.schemas.of)
        for name, argument in self._dictionary("params"):
            yield self._parameter("query", name, argument, self._query_schema)
        for name, argument in self._dictionary("json"):
            yield self._parameter("body", name, argument, self.schemas.of)

    def _parameter(self, place: str, name: str, argument: str, schema_of: Callable[[Any], Json]) -> Json:
        schema = schema_of(self.hints[argument])
        is_required = self.arguments[argument].default is inspect.Parameter.empty
        is_deep = place == "query" and schema["type"] == "object"
        return {
            "name": name,
            "in": place,
            **({"required": True} if is_required else {}),
            **({"style": "deepObject"} if is_deep else {}),
            "schema": schema,
        }

    def _query_schema(self, hint: Any) -> Json:
        """Return the schema of a query parameter: it cannot be null, and one value is a list of one."""
        members = [member for member in get_args(hint) if member is not type(None)]
        if get_origin(hint) is dict:
            return {"type": "object", "additionalProperties": self._query_schema(get_args(hint)[1])}
        if get_origin(hint) is not Union:
            return self.schemas.of(hint)
        lists = [member for member in members if get_origin(member) not in (None, Literal)]
        return self._query_schema(lists[0]) if lists else self.schemas.union(members)

    def _dictionary(self, part: str) -> Iterator[tuple[str, str]]:
        """Yield each wire name with the argument that its value comes from."""
        node = self.parts.get(part)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant):
                    name = str(key.value)
                    yield name, "" if isinstance(value, ast.Constant) else self._argument(value)

    def _argument(self, node: ast.AST) -> str:
        names = (child.id for child in ast.walk(node) if isinstance(child, ast.Name))
        return next(name for name in names if name in self.arguments)
