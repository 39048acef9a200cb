"""Pydantic AI: an agent whose model is a script calls the tools."""
# pyright: reportMissingImports=false
# The client is installed in an environment of its own.

import asyncio
import json
import sys
from typing import Any

from fastmcp.client.transports import StdioTransport
from journey import ENVIRONMENT, SERVER, TOOLS, Report, travel
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


async def main() -> int:
    report = Report("pydantic-ai")
    transport = StdioTransport(SERVER[0], SERVER[1:], env=ENVIRONMENT)
    toolset = MCPToolset(transport, init_timeout=60, read_timeout=60, tool_error_behavior="error")
    shown: list[str] = []

    async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answers: list[Any] = []

        def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
            if returned:
                answers.append(returned[0].content)
                return ModelResponse(parts=[TextPart("done")])
            shown[:] = [each.name for each in info.function_tools]
            return ModelResponse(parts=[ToolCallPart(tool, json.dumps(arguments))])

        await Agent(FunctionModel(answer), toolsets=[toolset]).run("Call the tool.")
        return answers[0]

    async with toolset:
        await travel(report, call)
    report.check("all tools are shown to the model", len(shown), TOOLS)
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
