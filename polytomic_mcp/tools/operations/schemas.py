"""The catalogue's schemas of arguments: arguments are read by them, and held against them."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, is_number
from polytomic_mcp.tools.framework.reading import read_json

_BOOLEANS: Final = {"true": True, "false": False}
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}")


def read_by(schema: Mapping[str, Any], value: Any) -> Any:
    """Return a value as the schema's types require it: JSON text parsed, numbers and texts as declared.

    Where the schema names no type, the value is data and is unchanged.

    Raises:
        ValueError: JSON cannot represent the value, or it is too deep; the text follows the argument's name.
    """
    forms = list(forms_of(schema))
    value = _retyped(forms, value)
    if isinstance(value, list):
        items = next((form["items"] for form in forms if form.get("items")), JsonObject())
        return [read_by(items, item) for item in as_list(value)]
    if isinstance(value, dict):
        return {name: read_by(_member(forms, name), part) for name, part in as_object(value).items()}
    return value


def forms_of(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the alternatives of a schema, without references."""
    if "$ref" in schema:
        yield from forms_of(definition(schema["$ref"]))
    for form in schema.get("anyOf", ()):
        yield from forms_of(form)
    if not {"$ref", "anyOf"} & schema.keys():
        yield schema


def types_of(form: Mapping[str, Any]) -> list[str]:
    """Return the names of the types that a form of a schema allows, without null; none if it allows any."""
    kind = form.get("type")
    return [name for name in ([kind] if isinstance(kind, str) else as_list(kind)) if name != "null"]


def definition(reference: str) -> JsonObject:
    """Return the schema that a reference such as ``#/$defs/Source`` refers to."""
    return load_catalogue().definitions[reference.removeprefix("#/$defs/")]


@cache
def validator(operation_id: str) -> Any:
    """Compile the schema of an operation; jsonschema is imported when it is first needed."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - costs 60 ms, and few sessions need it

    parameters = load_catalogue()[operation_id].parameters
    schema = {
        "type": "object",
        "properties": {parameter.name: parameter.schema for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.required],
    }
    return Draft202012Validator(_closed(schema) | {"$defs": _definitions()})


@cache
def _definitions() -> Any:
    return _closed(load_catalogue().definitions)


def _closed(schema: Any) -> Any:
    """Return the schema with unknown members forbidden in every object that lists its properties."""
    if isinstance(schema, list):
        return [_closed(part) for part in as_list(schema)]
    if not isinstance(schema, dict):
        return schema
    parts = as_object(schema)
    closed = {name: _closed(part) for name, part in parts.items()}
    is_schema = isinstance(parts.get("properties"), dict) and parts.get("type") == "object"
    return closed | {"additionalProperties": False} if is_schema else closed


def _retyped(forms: list[Mapping[str, Any]], value: Any) -> Any:
    """Return a text as the other type that is required, and a number as text if only text is allowed.

    Where a name or an object of known members is allowed, JSON text of an object is meant as that.
    """
    types = {type_ for form in forms for type_ in types_of(form)}
    if isinstance(value, str) and types and "string" not in types:
        return _from_text(types, value)
    if isinstance(value, str) and any("properties" in form for form in forms):
        return as_object(read_json(value)) or value
    return str(value) if is_number(value) and types == {"string"} else value


def _from_text(types: set[str], text: str) -> Any:
    if types & {"array", "object"}:
        return read_json(text)
    if "boolean" in types:
        return _BOOLEANS.get(text.casefold(), text)
    return int(text) if _INTEGER.fullmatch(text) else text


def _member(forms: list[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """Return the schema of an object's member; an empty one if none is known."""
    known = (form["properties"][name] for form in forms if name in form.get("properties", {}))
    free = (form["additionalProperties"] for form in forms if "additionalProperties" in form)
    return next(known, None) or next(free, JsonObject())
