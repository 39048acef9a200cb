"""An operation's arguments, written for a model: on one line, or as a JSON Schema."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.operations.schemas import definition

_NULL: Final = {"type": "null"}
_MOST_NAMES: Final = 12
_DEEPEST: Final = 8


def signature(operation: Operation) -> str:
    """Return the arguments on one line: ``name: string, schedule?: object{frequency}``; ``?`` is optional."""
    return ", ".join(
        f"{parameter.name}{'' if parameter.required else '?'}: {_short(parameter.schema)}"
        for parameter in operation.parameters
    )


def schema_of(operation: Operation, tokens: int) -> JsonObject:
    """Return the JSON Schema of the arguments without references, as deep as fits into ``tokens``."""
    schemas = (_schema(operation, depth) for depth in range(_DEEPEST, 1, -1))
    return next((schema for schema in schemas if estimate_json(schema) <= tokens), _schema(operation, 1))


def _schema(operation: Operation, depth: int) -> JsonObject:
    schema: JsonObject = {
        "type": "object",
        "properties": {
            parameter.name: _inlined(parameter.schema, depth, ()) for parameter in operation.parameters
        },
    }
    required = [parameter.name for parameter in operation.parameters if parameter.required]
    return schema | ({"required": required} if required else {})


def _inlined(node: Any, depth: int, inside: tuple[str, ...]) -> Any:
    """Replace references with their definitions; a recursive or too deep one becomes a plain object."""
    if isinstance(node, list):
        return [_inlined(item, depth, inside) for item in as_list(node) if item != _NULL]
    if not isinstance(node, dict):
        return node
    parts = as_object(node)
    if isinstance(reference := parts.get("$ref"), str):
        if depth <= 1 or reference in inside:
            return {"type": "object"}
        return _inlined(definition(reference), depth - 1, (*inside, reference))
    forms = [form for form in parts.get("anyOf", ()) if form != _NULL]
    if len(forms) == 1:
        return _inlined(forms[0], depth, inside)
    return {name: _inlined(part, depth, inside) for name, part in parts.items()}


def _short(schema: Mapping[str, Any], *, is_inner: bool = False) -> str:
    """Return a short name of a type; an object within another is only named ``object``."""
    if isinstance(reference := schema.get("$ref"), str):
        return _short(definition(reference), is_inner=is_inner)
    if "anyOf" in schema:
        forms = [_short(form, is_inner=is_inner) for form in schema["anyOf"] if form != _NULL]
        return "|".join(forms)
    kind = schema.get("type", "any")
    kind = kind if isinstance(kind, str) else next(name for name in kind if name != "null")
    if kind == "array":
        return f"{_short(schema.get('items', {}), is_inner=is_inner)}[]"
    if kind == "object" and not is_inner and "properties" in schema:
        return f"object{{{_listed(_members(schema), ', ')}}}"
    examples = schema.get("examples")
    return f"{kind}({_listed([str(each) for each in examples], '|')})" if examples else kind


def _members(schema: Mapping[str, Any]) -> list[str]:
    required = schema.get("required", ())
    names = sorted(schema["properties"], key=lambda name: name not in required)
    return [name if name in required else f"{name}?" for name in names]


def _listed(names: list[str], separator: str) -> str:
    more = [f"… {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return separator.join([*names[:_MOST_NAMES], *more])
