"""JSON Schemas in the form that every client reads: small, plain, and typed at every depth.

Clients convert a tool's schema for their model, and each converter fails on something else: on ``$ref``, on
``oneOf``, on a list of types, on a schema without a type, on an array without items, on a boolean
``additionalProperties`` (google-genai 3.6.1 takes it for a schema).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from polytomic_mcp.common.json_values import as_list, as_object

JsonSchema = dict[str, Any]

_ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object", "additionalProperties": {}}
_SCALARS: Final = ("string", "number", "boolean")
_NULL: Final[Mapping[str, Any]] = {"type": "null"}
_CHOICES: Final = ("anyOf", "oneOf")
_LEFT_OUT: Final = frozenset({"title", "discriminator", *_CHOICES})
_LEVELS_OF_ARGUMENTS: Final = 1
_LEVELS_OF_RESULTS: Final = 3
"""How many levels of arrays directly in arrays any value has; results are written with no more."""


def compact(schema: Mapping[str, Any], *, of_result: bool = False) -> JsonSchema:
    """Return pydantic's schema of arguments, or of a result, in the form that every client reads.

    References are resolved; titles and null defaults are left out. Pydantic writes ``X | None = None`` as a
    union with null: a member that may be absent says the same in fewer tokens. Null is a value only in a
    result, in lists and where any value may be.
    """
    definitions = as_object(schema.get("$defs"))
    inlined = _inline({name: part for name, part in schema.items() if name != "$defs"}, definitions)
    return _Form(of_result).member(inlined)


def any_value(*, of_result: bool) -> JsonSchema:
    """Return the schema of any JSON value, as a choice of types: some clients reject an empty schema."""
    null = [dict(_NULL)] if of_result else []
    plain = [*({"type": name} for name in _SCALARS), *null, dict(_ANY_OBJECT)]
    schema: JsonSchema = {"anyOf": plain}
    for _ in range(_LEVELS_OF_RESULTS if of_result else _LEVELS_OF_ARGUMENTS):
        schema = {"anyOf": [*plain, {"type": "array", "items": schema}]}
    return schema


def _inline(node: Any, definitions: JsonSchema, within: frozenset[str] = frozenset()) -> Any:
    """Put definitions in place of references; within itself, a definition is any object."""
    if isinstance(node, list):
        return [_inline(item, definitions, within) for item in as_list(node)]
    parts = as_object(node)
    reference = parts.get("$ref")
    if not isinstance(reference, str):
        inlined = {name: _inline(part, definitions, within) for name, part in parts.items()}
        return inlined if isinstance(node, dict) else node
    siblings = {name: part for name, part in parts.items() if name != "$ref"}
    if reference in within:
        return {**_ANY_OBJECT, **siblings}
    definition = definitions[reference.removeprefix("#/$defs/")]
    return _inline(definition | siblings, definitions, within | {reference})


@dataclass(frozen=True, slots=True)
class _Form:
    """Brings the schemas of arguments, or of a result, into the form, from the outside in."""

    of_result: bool

    def member(self, schema: JsonSchema) -> JsonSchema:
        """Return the schema of a member of an object, which is absent rather than null."""
        return self._of_choices(schema, [part for part in _choices(schema) if part != _NULL])

    def _item(self, schema: JsonSchema) -> JsonSchema:
        """Return the schema of an item of a list, or of a value of a mapping."""
        return self._of_choices(schema, _choices(schema)) if self.of_result else self.member(schema)

    def _of_choices(self, schema: JsonSchema, choices: list[JsonSchema]) -> JsonSchema:
        rest = {name: part for name, part in schema.items() if name not in _LEFT_OUT}
        if rest.get("default", ...) is None:
            del rest["default"]
        if "const" in rest:
            rest["enum"] = [rest.pop("const")]
        if len(choices) == 1:
            return self.member(choices[0] | rest)
        if choices:
            return {"anyOf": [self.member(part) for part in choices], **rest}
        return self._of_type(rest)

    def _of_type(self, schema: JsonSchema) -> JsonSchema:
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                return schema | {"items": self._item(schema.get("items", {}))}
            case None:
                return any_value(of_result=self.of_result) | schema
            case _:
                return schema

    def _object(self, schema: JsonSchema) -> JsonSchema:
        formed = {name: part for name, part in schema.items() if name != "additionalProperties"}
        values = as_object(schema.get("additionalProperties"))
        if "properties" in formed:
            formed["properties"] = {name: self.member(part) for name, part in formed["properties"].items()}
        if values or "properties" not in formed:
            formed["additionalProperties"] = self._item(values) if values else {}
        return formed


def _choices(schema: JsonSchema) -> list[JsonSchema]:
    return [as_object(part) for name in _CHOICES for part in as_list(schema.get(name))]
