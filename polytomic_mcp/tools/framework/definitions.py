"""What a model reads of a tool: JSON Schema without what costs context and says nothing."""

from collections.abc import Mapping
from typing import Any

from polytomic_mcp.common.json_values import as_list, as_object

JsonSchema = dict[str, Any]


def compact(schema: Mapping[str, Any]) -> JsonSchema:
    """Return the schema with references put in place, and without titles, nulls and their defaults.

    Some clients refuse ``$ref`` and a root ``anyOf``; pydantic writes ``X | None = None`` as a union
    with null whose default is null, where a plain optional X says the same.
    """
    definitions = schema.get("$defs", {})
    inlined = _inline({name: part for name, part in schema.items() if name != "$defs"}, definitions)
    return _strip(inlined)


def _inline(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inline(item, definitions) for item in as_list(node)]
    if not isinstance(node, dict):
        return node
    parts = as_object(node)
    if isinstance(reference := parts.get("$ref"), str):
        siblings = {name: part for name, part in parts.items() if name != "$ref"}
        return _inline(definitions[reference.removeprefix("#/$defs/")] | siblings, definitions)
    return {name: _inline(part, definitions) for name, part in parts.items()}


def _strip(schema: JsonSchema) -> JsonSchema:
    stripped = {name: part for name, part in schema.items() if name != "title"}
    choices = [part for part in stripped.get("anyOf", ()) if part != {"type": "null"}]
    if len(choices) == 1:
        del stripped["anyOf"]
        stripped = choices[0] | stripped
        stripped.pop("title", None)
    elif choices:
        stripped["anyOf"] = [_strip(part) for part in choices]
    if stripped.get("default", ...) is None:
        del stripped["default"]
    if stripped.get("additionalProperties") is True:
        del stripped["additionalProperties"]
    for keyword in ("items", "additionalProperties"):
        if isinstance(stripped.get(keyword), dict):
            stripped[keyword] = _strip(stripped[keyword])
    if "properties" in stripped:
        stripped["properties"] = {name: _strip(part) for name, part in stripped["properties"].items()}
    return stripped
