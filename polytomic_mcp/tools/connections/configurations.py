"""Configurations: the fields that the API's JSON Schema of one describes, and checking one against them."""

from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from polytomic_mcp.catalogue.rules.choices import Choices
from polytomic_mcp.catalogue.rules.configuration_keys import valid_keys
from polytomic_mcp.common.json_values import AnyJson, JsonObject, as_list, as_object, is_number
from polytomic_mcp.common.scalars import to_number
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.answers.results import MASK
from polytomic_mcp.tools.framework.reading import read_json

_SECRET_KEYWORDS: Final = ("sensitive", "writeOnly")
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
            type=_type_of(part),
            required=True if name in required else None,
            secret=True if any(part.get(keyword) for keyword in _SECRET_KEYWORDS) else None,
            default=part.get("default"),
            choices=Choices.of(part.get("enum")).values or None,
            fields=_nested(part),
        )
        for name, part in _settable(schema).items()
    ]


def configuration_problems(path: str, configuration: JsonObject, schema: Any) -> list[str]:
    """Return the problems of a configuration; none if the API publishes no schema for it.

    A number, a text, a list or an object that another type of value spells becomes that, in place, and so
    does a label its value. Values are never shown, because any of them may be a secret.
    """
    schema = as_object(schema)
    inspection = _Inspection()
    inspection.members(path, configuration, as_object(schema.get("jsonschema")) or schema)
    return inspection.problems


def without_own_secrets(configuration: JsonObject, schema: JsonObject) -> JsonObject:
    """Return a configuration without the masks of secrets that only Polytomic sets: no caller can send them.

    That Polytomic keeps what it alone sets is a guess: JSON Schema says so of what is read-only.
    """
    fields = as_object(schema.get("properties"))
    return {
        name: value
        for name, value in configuration.items()
        if not (value == MASK and _is_read_only(as_object(fields.get(name))))
    }


@dataclass(slots=True)
class _Inspection:
    """Holds values against their schemas, and notes every problem."""

    problems: list[str] = field(default_factory=list[str])

    def members(self, path: str, values: JsonObject, schema: JsonObject) -> None:
        """Hold an object's members against the fields of its schema."""
        fields = as_object(schema.get("properties"))
        for name, value in values.items():
            if name in fields:
                values[name] = self.value(f"{path}.{name}", value, as_object(fields[name]))
            elif "properties" in schema and not schema.get("additionalProperties"):
                hint = valid_keys(name, _settable(schema))
                self.problems.append(f"{path}: Unknown field {quoted(name)}.{hint}")
        required = as_list(schema.get("required"))
        for name, part in _settable(schema).items():
            if name in required and _is_absent(values.get(name), part.get("default")):
                self.problems.append(f"{path}.{name} is required.{_hint_of(part)}")

    def value(self, path: str, value: Any, schema: JsonObject) -> Any:
        """Return the value as the schema requires it; null is data."""
        if value is None:
            return None
        value = _converted(value, type_ := _type_of(schema))
        if not _fits(value, type_):
            self.problems.append(f"{path} must be of type {type_}.")
            return value
        choices = Choices.of(schema.get("enum"))
        if found := choices.find(value):
            value = found[0]
        elif choices.pairs:
            self.problems.append(f"{path}: Unknown value.{choices.hint(value)}")
        self.members(path, as_object(value), schema)
        items = as_object(schema.get("items"))
        listed = [self.value(f"{path}[{at}]", each, items) for at, each in enumerate(as_list(value))]
        return listed or value


def _is_absent(value: Any, default: Any) -> bool:
    return (default if value is None else value) in (None, "")


def _hint_of(schema: JsonObject) -> str:
    choices = Choices.of(schema.get("enum"))
    return choices.hint("") if choices.pairs else ""


def _converted(value: Any, type_: str | None) -> Any:
    """Return the number, the text, the list or the object that a value of another type spells."""
    if isinstance(value, str) and type_ in ("integer", "number"):
        number = to_number(value)
        return value if number is None else number
    if isinstance(value, str) and type_ in ("array", "object"):
        try:
            return read_json(value)
        except ValueError:
            return value
    return str(value) if is_number(value) and type_ == "string" else value


def _fits(value: Any, type_: str | None) -> bool:
    """Whether a value is of a type of JSON Schema; of one that is not known here, every value is."""
    expected = _TYPES.get(str(type_))
    if expected is None:
        return True
    if isinstance(value, bool):
        return type_ == "boolean"
    is_whole = isinstance(value, float) and value.is_integer()
    return isinstance(value, expected) or (type_ == "integer" and is_whole)


def _type_of(schema: JsonObject) -> str | None:
    """Return the type of a schema; None if it has none or allows several."""
    types = [each for each in [schema.get("type"), *as_list(schema.get("type"))] if isinstance(each, str)]
    named = [each for each in types if each != "null"]
    return named[0] if len(named) == 1 else None


def _settable(schema: JsonObject) -> dict[str, JsonObject]:
    """Return the fields of an object, by name, without those that only Polytomic sets."""
    fields = {name: as_object(part) for name, part in as_object(schema.get("properties")).items()}
    return {name: part for name, part in fields.items() if not _is_read_only(part)}


def _is_read_only(schema: JsonObject) -> bool:
    return bool(schema.get("readOnly") or schema.get("readonly"))


def _nested(part: JsonObject) -> list[JsonObject] | None:
    inner = as_object(part.get("items")) or part
    return [each.model_dump(exclude_none=True) for each in configuration_fields(inner)] or None
