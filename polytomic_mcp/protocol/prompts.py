"""Prompts: each guide as a numbered plan of tool calls, with the values that the user entered."""

from collections.abc import Callable, Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.guides import Argument, Guide, load_guides, plan
from polytomic_mcp.tools.api_access.caller import Caller

_Request = ServerRequestContext[Caller, Any]


def register(server: Server[Caller], hidden_tools: Callable[[], Mapping[str, str]]) -> None:
    """Serve a prompt for each guide that has one. Guides are read at the first request, not at start.

    ``hidden_tools`` returns the toolset of each tool that the server hides; it is called only to render a
    prompt.
    """

    async def list_prompts(_: _Request, _params: PaginatedRequestParams) -> ListPromptsResult:
        return ListPromptsResult(prompts=[_prompt(name, guide) for name, guide in _guides().items()])

    async def get_prompt(_: _Request, params: GetPromptRequestParams) -> GetPromptResult:
        guide = _guides().get(params.name)
        if guide is None:
            raise _refused(f"{unknown('prompt', params.name, _guides())} prompts/list shows all.")
        values = _values(params.name, guide, params.arguments or {})
        content = TextContent(type="text", text=plan(guide, values, hidden_tools()))
        return GetPromptResult(
            description=guide.description, messages=[PromptMessage(role="user", content=content)]
        )

    server.add_request_handler("prompts/list", PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", GetPromptRequestParams, get_prompt)


def _guides() -> dict[str, Guide]:
    return {name: guide for name, guide in load_guides().items() if guide.no_prompt is None}


def _refused(text: str) -> MCPError:
    return MCPError(INVALID_PARAMS, text)


def _values(name: str, guide: Guide, entered: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every argument; an empty one counts as omitted.

    Raises:
        MCPError: An argument is missing or unknown.
    """
    given = {key: value for key, value in entered.items() if value}
    if wrong := [key for key in given if key not in guide.arguments]:
        raise _refused(f"{name}: {unknown('argument', wrong[0], guide.arguments)}")
    required = [key for key, argument in guide.arguments.items() if argument.default is None]
    if missing := [key for key in required if key not in given]:
        raise _refused(f"{name} requires {' and '.join(missing)}.")
    return {key: argument.default or "" for key, argument in guide.arguments.items()} | given


def _prompt(name: str, guide: Guide) -> Prompt:
    arguments = [_prompt_argument(key, argument) for key, argument in guide.arguments.items()]
    return Prompt(name=name, title=guide.title, description=guide.description, arguments=arguments)


def _prompt_argument(name: str, argument: Argument) -> PromptArgument:
    default = f" Default: {argument.default}" if argument.default else ""
    description = f"{argument.description}.{default}"
    return PromptArgument(name=name, description=description, required=argument.default is None)
