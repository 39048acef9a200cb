"""openai-agents: strict where the arguments are closed, not strict where one is free, never refused."""
# pyright: reportMissingImports=false
# The client is installed in an environment of its own.

import asyncio
import json
import sys
from typing import Any

from agents import Agent, RunContextWrapper
from agents.mcp import MCPServerStdio, MCPUtil
from agents.tool_context import ToolContext
from journey import ENVIRONMENT, SERVER, TOOLS, Report, travel


def has_free_object(schema: Any) -> bool:
    """Whether a strict schema is impossible: an object somewhere takes members that are not named."""
    if isinstance(schema, list):
        return any(map(has_free_object, schema))
    if not isinstance(schema, dict):
        return False
    return "additionalProperties" in schema or any(map(has_free_object, schema.values()))


async def main() -> int:
    report = Report("openai-agents")
    server = MCPServerStdio(
        {"command": SERVER[0], "args": SERVER[1:], "env": ENVIRONMENT}, client_session_timeout_seconds=60
    )
    async with server:
        agent = Agent(name="agent", mcp_servers=[server])
        schemas = {tool.name: tool.input_schema for tool in await server.list_tools()}
        tools = {
            tool.name: tool
            for tool in await MCPUtil.get_all_function_tools(
                [server], convert_schemas_to_strict=True, run_context=RunContextWrapper(None), agent=agent
            )
        }
        report.check("all tools are listed", len(tools), TOOLS)
        loose = sorted(name for name, tool in tools.items() if not tool.strict_json_schema)
        free = sorted(name for name, schema in schemas.items() if has_free_object(schema))
        report.check(f"strict for all but the {len(free)} tools with a free object", loose, free)

        async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
            text = json.dumps(arguments)
            context = ToolContext(context=None, tool_name=tool, tool_call_id="1", tool_arguments=text)
            answer = await tools[tool].on_invoke_tool(context, text)
            shown = answer["text"] if isinstance(answer, dict) else answer
            return json.loads(shown)

        await travel(report, call)
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
