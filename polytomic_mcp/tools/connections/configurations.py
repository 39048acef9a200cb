"""Configurations: the fields that the API's JSON Schema of one describes, and checking one against them."""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.tools.answers.results import AnyJson

_SECRET_KEYWORDS: Final = ("sensitive", "writeOnly")
_SHOWN: Final = 20
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


class ConfigurationField(BaseModel):
    """One field of a configuration."""

    name: str
    type: str | None = None
    required: bool | None = None
    secret: bool | None = None
    default: AnyJson = None
    choices: list[AnyJson] | None = None
    fields: list[JsonObject] | None = None


def configuration_fields(schema: JsonObject) -> list[ConfigurationField]:
    """Read the fields of a schema. Its enums may be pairs, and it has additional keywords (``sensitive``).

    Fields that only Polytomic sets (``readOnly``) are left out.
    """
    required = as_list(schema.get("required"))
    return [
        ConfigurationField(
            name=name,
            type=part.get("type"),
            required=True if name in required else None,
            secret=True if any(part.get(keyword) for keyword in _SECRET_KEYWORDS) else None,
            default=part.get("default"),
            choices=[_choice(item) for item in as_list(part.get("enum"))] or None,
            fields=_nested(part),
        )
        for name, value in as_object(schema.get("properties")).items()
        if not ((part := as_object(value)).get("readOnly") or part.get("readonly"))
    ]


def configuration_problems(path: str, configuration: JsonObject, schema: Any) -> Iterator[str]:
    """Yield the problems of a configuration; none if the API publishes no schema for it.

    Values are never shown, because any of them may be a secret.
    """
    schema = as_object(schema)
    fields = {
        field.name: field for field in configuration_fields(as_object(schema.get("jsonschema")) or schema)
    }
    for name, value in configuration.items():
        if name in fields:
            yield from _value_problems(f"{path}.{name}", value, fields[name])
        elif fields:
            yield f"{path}: {unknown('field', name, fields)}"
    for name, field in fields.items():
        if field.required and field.default is None and configuration.get(name) in (None, ""):
            yield f"{path}.{name} is required."


def _value_problems(path: str, value: Any, field: ConfigurationField) -> Iterator[str]:
    expected = _TYPES.get(str(field.type))
    if expected is not None and (
        not isinstance(value, expected) or (isinstance(value, bool) and field.type != "boolean")
    ):
        yield f"{path} must be of type {field.type}."
    elif field.choices and value not in field.choices:
        listed = ", ".join(map(str, field.choices[:_SHOWN]))
        yield f"{path}: not one of the valid values: {listed}."


def _nested(part: JsonObject) -> list[JsonObject] | None:
    inner = as_object(part.get("items")) or part
    return [field.model_dump(exclude_none=True) for field in configuration_fields(inner)] or None


def _choice(item: Any) -> Any:
    return as_object(item).get("value") if isinstance(item, dict) else item
