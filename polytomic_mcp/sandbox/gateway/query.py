"""The query of a request: its parameters in the types of the catalogue.

An object comes in one of three forms: ``params[table]=x`` from the current SDKs, ``params={"table":["x"]}``
from the npm SDK 1.18.1 (and as Python writes it from the Python SDK 1.0.0), and ``table=x`` from the guides.
"""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue import Operation, Parameter
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object

_NEVER_EMPTY: Final = ("boolean", "integer", "object")
"""The types of which an empty text is no value, but what a form or a script sends for none."""

_MEMBER: Final = re.compile(r"(?P<name>[^\[\]]+)\[(?P<member>[^\[\]]+)\]")


def read_query(operation: Operation, query: Iterable[tuple[str, str]]) -> JsonObject:
    """Return the arguments in a query; a text that is not of its parameter's type stays text."""
    parameters = {parameter.name: parameter for parameter in operation.parameters}
    arguments: JsonObject = {}
    for key, text in query:
        name, member = _split_key(key, parameters)
        parameter = parameters.get(name)
        schema: Mapping[str, Any] = parameter.schema if parameter else {}
        if not text and member is None and schema.get("type") in _NEVER_EMPTY:
            continue
        members = [(member, text)] if member is not None else _members(schema, text)
        if members is None:
            _add(arguments, name, schema, text)
        else:
            arguments[name] = as_object(arguments.get(name))
            for each, value in members:
                _add(arguments[name], each, schema.get("additionalProperties", {}), value)
    return arguments


def _split_key(key: str, parameters: Mapping[str, Parameter]) -> tuple[str, str | None]:
    """Split ``params[table]`` in two; if the operation has ``params``, ``table`` alone means the same."""
    if (match := _MEMBER.fullmatch(key)) and match["name"] in parameters:
        return match["name"], match["member"]
    if key not in parameters and "params" in parameters:
        return "params", key
    return key, None


def _members(schema: Mapping[str, Any], text: str) -> list[tuple[str, str]] | None:
    """Return the members of an object that was sent whole, each value as text; None if it is no object."""
    found = _literal(text) if schema.get("type") == "object" else None
    if not isinstance(found, dict):
        return None
    members: list[tuple[str, str]] = []
    for name, value in as_object(found).items():
        values = as_list(value) if isinstance(value, list) else [value]
        members += [(str(name), _as_text(each)) for each in values if each is not None]
    return members


def _literal(text: str) -> object:
    """Return the value that a text spells in JSON or in Python, or None."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _add(arguments: JsonObject, name: str, schema: Mapping[str, Any], text: str) -> None:
    if schema.get("type") == "array":
        arguments.setdefault(name, []).append(_coerce(schema.get("items", {}), text))
    else:
        arguments[name] = _coerce(schema, text)


def _coerce(schema: Mapping[str, Any], text: str) -> Any:
    """Convert a query's text to the type in its schema; text that does not fit stays text."""
    try:
        match schema.get("type"):
            case "boolean":
                return {"true": True, "false": False, "1": True, "0": False}.get(text.lower(), text)
            case "integer":
                return int(text)
            case _:
                return text
    except ValueError:
        return text
