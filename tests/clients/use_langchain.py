"""langchain-mcp-adapters: every tool becomes one of LangChain's, and is called as that."""
# pyright: reportMissingImports=false
# The client is installed in an environment of its own.

import asyncio
import sys
from typing import Any

from journey import ENVIRONMENT, SERVER, TOOLS, Report, travel
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools


async def main() -> int:
    report = Report("langchain-mcp-adapters")
    server = {"transport": "stdio", "command": SERVER[0], "args": SERVER[1:], "env": ENVIRONMENT}
    async with MultiServerMCPClient({"polytomic": server}).session("polytomic") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}
        report.check("all tools are listed", len(tools), TOOLS)
        report.check("all tools are converted", len([*map(convert_to_openai_tool, tools.values())]), TOOLS)

        async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
            request = {"type": "tool_call", "id": "1", "name": tool, "args": arguments}
            message = await tools[tool].ainvoke(request)
            if message.status == "error":
                raise ValueError(f"{tool}: {message.content}")
            return message.artifact["structured_content"]

        await travel(report, call)
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
