"""The agent: a client of an MCP server that counts its calls and their tokens, and answers for a person."""

import importlib
import json
import re
import warnings
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

from mcp import Client, StdioServerParameters
from mcp.client.session import ClientRequestContext
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from polytomic_mcp.common.json_values import as_object
from scripts.everyday_tasks.world import NotDoneError, World

Era = Literal["modern", "legacy"]
_MODES: Final[Mapping[Era, str]] = {"modern": "auto", "legacy": "legacy"}


@dataclass
class Agent:
    """Calls the tools of one server. ``texts`` are the answers and refusals, as a model reads them.

    ``answers`` are those that did not refuse: a refusal may repeat whatever was asked. ``told`` is what the
    person says along with the task.
    """

    client: Client
    world: World
    told: Mapping[str, Any]
    definitions: int
    calls: int = 0
    tokens: int = 0
    texts: list[str] = field(default_factory=list[str])
    answers: list[str] = field(default_factory=list[str])

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool, and return its structured answer.

        Raises:
            NotDoneError: The tool refused.
        """
        result = await self._call(tool, arguments)
        if result.is_error:
            raise NotDoneError(f"{tool} refused: {self.texts[-1][:600]}")
        return result.structured_content or {}

    async def refused(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool that has to refuse, and return what it says."""
        if not (await self._call(tool, arguments)).is_error:
            raise NotDoneError(f"{tool} did not refuse")
        return self.texts[-1]

    async def _call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        self.calls += 1
        result = await self.client.call_tool(tool, arguments)
        self.texts.append("\n".join(part.text for part in result.content if isinstance(part, TextContent)))
        if not result.is_error:
            self.answers.append(self.texts[-1])
        self.tokens += _tokens(json.dumps(arguments)) + _tokens(self.texts[-1])
        return result

    @property
    def said(self) -> str:
        """Every answer that is no refusal."""
        return "\n".join(self.answers)


@asynccontextmanager
async def agent(
    command: Sequence[str], world: World, era: Era, toolsets: str, told: Mapping[str, Any]
) -> AsyncGenerator[Agent]:
    """Start a server on stdio for a world, and connect to it."""
    environ = world.environ | {"POLYTOMIC_TOOLSETS": toolsets}
    server = StdioServerParameters(command=command[0], args=[*command[1:]], env=environ)
    async with Client(server, mode=_MODES[era], elicitation_callback=_agree) as client:
        tools = (await client.list_tools()).tools
        shown = [
            {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
            for tool in tools
        ]
        yield Agent(
            client, world, told, _tokens(json.dumps(shown, ensure_ascii=False, separators=(",", ":")))
        )


async def _agree(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    """Answer a question as a person who agrees: tick every box, and repeat the name that is asked for."""
    del context
    form = as_object(getattr(params, "requested_schema", None))
    name = re.search(r"'([^']+)'", params.message)
    content: dict[str, Any] = {
        key: True if as_object(part).get("type") == "boolean" else (name[1] if name else "")
        for key, part in as_object(form.get("properties")).items()
    }
    return ElicitResult(action="accept", content=content)


def _tokens(text: str) -> int:
    return len(_tokenizer().encode(text))


@cache
def _tokenizer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its import opens its data in an old way
        return importlib.import_module("bpe_openai").get_encoding("o200k_base")
