"""Tool definitions: what a model reads of each tool, stored as ``tools/definitions/NAME.json``.

A server lists its tools from these files and imports a tool's module only when the tool is called.
``scripts/definitions`` writes the files from the functions.
"""

from pathlib import Path
from typing import Final, get_type_hints

from mcp.types import Tool as Definition
from mcp.types import ToolAnnotations
from pydantic import BaseModel

from polytomic_mcp.tools.framework.functions import ToolFunction, callable_tool
from polytomic_mcp.tools.framework.json_schemas import compact

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
        input_schema={"type": "object"} | compact(tool.parameters),
        output_schema=compact(result.model_json_schema(), of_result=True),
        annotations=annotations,
    )


def _one_line_paragraphs(docstring: str) -> str:
    paragraphs = docstring.strip().split("\n\n")
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
