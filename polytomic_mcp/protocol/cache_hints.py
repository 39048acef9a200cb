"""Cache hints: how long a client may keep what it was answered, and whether it may share it."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import HandlerEntry, Server
from mcp.types import ReadResourceRequestParams, ReadResourceResult, TextResourceContents

from polytomic_mcp.common.json_values import as_object
from polytomic_mcp.protocol import resources
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.syncs.executions import OVER

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE

FOR_EVERYONE: Final = CacheHint(24 * _HOUR, "public")
"""The catalogue: it changes with a release of this package alone, and is the same for every caller."""

SLOW: Final = CacheHint(_HOUR)
"""What Polytomic changes with a release, or never: a connection type, an execution that is over."""

SHORT: Final = CacheHint(15_000)
"""Objects: people change them in Polytomic's own pages, and no event tells us."""

NEVER: Final = CacheHint()
"""What changes while one looks: an execution that runs, and whichever is the latest."""

_LIST: Final = CacheHint(_HOUR)
LISTS: Final[Mapping[CacheableMethod, CacheHint]] = {
    "tools/list": _LIST,
    "prompts/list": _LIST,
    "resources/list": _LIST,
    "resources/templates/list": _LIST,
}
"""Lists are fixed for a configuration; private, because callers may be shown different ones."""


def register(server: Server[Caller]) -> None:
    """Give each resource that is read the hint of its kind."""
    entry = cast(
        "HandlerEntry[Caller]", server.get_request_handler("resources/read")
    )  # every MCPServer has it

    async def read(
        context: ServerRequestContext[Caller, Any], params: ReadResourceRequestParams
    ) -> HandlerResult:
        result = cast("ReadResourceResult", await entry.handler(context, params))
        hint = hint_for(str(params.uri), cast("TextResourceContents", result.contents[0]).text)
        return result.model_copy(update={"ttl_ms": hint.ttl_ms, "cache_scope": hint.scope})

    server.add_request_handler("resources/read", ReadResourceRequestParams, read)


def hint_for(uri: str, text: str) -> CacheHint:
    """Return the hint for a resource, by its kind and, for an execution, by the state it is in."""
    if uri.startswith(resources.CATALOGUE):
        return FOR_EVERYONE
    if uri.startswith(resources.CONNECTION_TYPES):
        return SLOW
    if execution := resources.execution_of(uri):
        is_final = execution.id != resources.LATEST and as_object(json.loads(text)).get("status") in OVER
        return SLOW if is_final else NEVER
    return SHORT
