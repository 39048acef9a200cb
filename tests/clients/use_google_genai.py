"""google-genai: its strict conversion takes every tool, and its adapter sends arguments as they are."""
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
# The client is installed in an environment of its own.

import asyncio
import sys
from typing import Any

from google.genai import types
from google.genai._adapters import McpToGenAiToolAdapter
from google.genai._mcp_utils import _filter_to_supported_schema, mcp_to_gemini_tools
from journey import ENVIRONMENT, SERVER, TOOLS, Report, travel
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


def untyped(schema: Any, path: str) -> list[str]:
    """Return the paths of what the conversion left without a type."""
    inner = [(f"{path}.{name}", part) for name, part in (schema.properties or {}).items()]
    inner += [(f"{path}[]", schema.items)] if schema.items else []
    inner += [(f"{path}|{number}", part) for number, part in enumerate(schema.any_of or ())]
    found = [each for name, part in inner for each in untyped(part, name)]
    is_list_of_nothing = schema.type == types.Type.ARRAY and schema.items is None
    is_typed = schema.type or schema.any_of or schema.nullable  # the last is all that is left of null
    return found + ([path] if is_list_of_nothing or not is_typed else [])


def strict(schema: dict[str, Any]) -> Any:
    supported = types.JSONSchema(**_filter_to_supported_schema(schema))
    return types.Schema.from_json_schema(json_schema=supported, raise_error_on_unsupported_field=True)


async def main() -> int:
    report = Report("google-genai")
    server = StdioServerParameters(command=SERVER[0], args=SERVER[1:], env=ENVIRONMENT)
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        listed = await session.list_tools()
        report.check("all tools are listed", len(listed.tools), TOOLS)
        report.check("all tools are converted", len(mcp_to_gemini_tools(listed.tools)), TOOLS)
        schemas = {tool.name: strict(tool.input_schema) for tool in listed.tools}
        schemas |= {f"{tool.name}.result": strict(tool.output_schema or {}) for tool in listed.tools}
        report.check("all schemas are converted strictly", len(schemas), 2 * TOOLS)
        lost = [path for name, schema in schemas.items() for path in untyped(schema, name)]
        report.check("no type is lost", lost, [])
        adapter = McpToGenAiToolAdapter(session, listed)

        async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
            result = await adapter.call_tool(types.FunctionCall(name=tool, args=arguments))
            if result.is_error or result.structured_content is None:
                raise ValueError(f"{tool}: {result.content}")
            return result.structured_content

        await travel(report, call)
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
