"""Completions: suggests values for a prompt's arguments and for the variables of resource templates."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.mcpserver import Context
from mcp.types import CompleteRequestParams, CompleteResult, Completion, PromptReference

from polytomic_mcp.guides import Argument, load_guides
from polytomic_mcp.protocol.listings import Listings
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.framework.arguments import caller_of

_MOST: Final = 100
"""The most values that the protocol allows in one completion."""

_VARIABLES: Final[Mapping[str, Argument]] = {
    "connection_id": Argument("connection"),
    "model_id": Argument("model"),
    "sync_id": Argument("sync"),
    "bulk_sync_id": Argument("bulk_sync"),
    "execution_id": Argument("execution", of="sync_id"),
    "operation": Argument("operation"),
    "type": Argument("connection_type"),
}
"""The variables of resource templates."""


def register(server: Server[Caller]) -> None:
    """Complete the arguments of prompts and the variables of resource templates."""
    listings = Listings()

    async def complete(
        request: ServerRequestContext[Caller, Any], params: CompleteRequestParams
    ) -> CompleteResult:
        form = _form(params)
        values: list[str] = []
        if params.argument.name in form:
            defaults = {name: part.default or "" for name, part in form.items()}
            filled = defaults | ((params.context.arguments if params.context else None) or {})
            caller = await caller_of(Context(request_context=request))
            from polytomic_mcp.protocol.suggestions import (  # noqa: PLC0415 - imports many tools
                Question,
                suggestions,
            )

            values = await suggestions(Question(caller, listings, form, params.argument.name, filled))
        return CompleteResult(completion=_completion(values, params.argument.value))

    server.add_request_handler("completion/complete", CompleteRequestParams, complete)


def _form(params: CompleteRequestParams) -> Mapping[str, Argument]:
    """Return the arguments of the prompt, or the variables of the templates, by name."""
    if isinstance(params.ref, PromptReference):
        guide = load_guides().get(params.ref.name)
        return guide.arguments if guide else {}
    return _VARIABLES


def _completion(values: Iterable[str], typed: str) -> Completion:
    """Select the values that contain the typed text, in any case; those that begin with it come first."""
    wanted = typed.casefold()
    fitting = [value for value in dict.fromkeys(values) if wanted in value.casefold()]
    fitting.sort(key=lambda value: not value.casefold().startswith(wanted))
    return Completion(values=fitting[:_MOST], total=len(fitting), has_more=len(fitting) > _MOST)
