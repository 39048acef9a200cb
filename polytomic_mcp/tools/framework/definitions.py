"""Tool definitions: what a model reads of each tool, stored as ``tools/definitions/NAME.json``.

A server lists its tools from these files and imports a tool's module only when the tool is called.
``scripts/definitions`` writes the files from the functions.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

from mcp.types import Tool as Definition
from mcp.types import ToolAnnotations
from pydantic import BaseModel

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.tools.framework.functions import ToolFunction, callable_tool

JsonSchema = dict[str, Any]

FOLDER: Final = Path(__file__).parent.with_name("definitions")


def load_definition(tool: str) -> Definition:
    """Read a tool's definition from its file."""
    return Definition.model_validate_json((FOLDER / f"{tool}.json").read_bytes())


def describe(function: ToolFunction, annotations: ToolAnnotations) -> Definition:
    """Return the definition of a tool: its function's name, docstring, arguments and return type."""
    tool = callable_tool(function)
    result: type[BaseModel] = get_type_hints(function)["return"]
    return Definition(
        name=tool.name,
        title=tool.name.replace("_", " ").capitalize(),
        description=_one_line_paragraphs(tool.description),
        input_schema={"type": "object"} | compact(tool.parameters) | {"additionalProperties": False},
        output_schema=compact(result.model_json_schema()),
        annotations=annotations,
    )


def _one_line_paragraphs(docstring: str) -> str:
    paragraphs = docstring.strip().split("\n\n")
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def compact(schema: Mapping[str, Any]) -> JsonSchema:
    """Return the schema with references resolved, and without titles, nulls and null defaults.

    Some clients reject ``$ref`` and a root ``anyOf``. Pydantic writes ``X | None = None`` as a union with
    null whose default is null; a plain optional X says the same in fewer tokens.
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
