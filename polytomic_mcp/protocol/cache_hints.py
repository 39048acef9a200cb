"""Cache hints: how long a client may cache an answer, and whether it may share it."""

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

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE

FOR_EVERYONE: Final = CacheHint(24 * _HOUR, "public")
"""The catalogue: it changes only with a release of this package and is the same for every caller."""

SLOW: Final = CacheHint(_HOUR)
"""What changes with a release of Polytomic or never: a connection type, an execution that has ended."""

SHORT: Final = CacheHint(15_000)
"""Objects: users change them in Polytomic's own pages, and no event reports it."""

NEVER: Final = CacheHint()
"""What changes at any moment: a running execution, and the latest execution."""

_LIST: Final = CacheHint(_HOUR)
LISTS: Final[Mapping[CacheableMethod, CacheHint]] = {
    "tools/list": _LIST,
    "prompts/list": _LIST,
    "resources/list": _LIST,
    "resources/templates/list": _LIST,
}
"""Lists are fixed for a configuration; private, because callers may see different ones."""


def register(server: Server[Caller]) -> None:
    """Add the hint of its kind to each resource that is read."""
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
    """Return the hint for a resource, by its kind and, for an execution, by its status."""
    if uri.startswith(resources.CATALOGUE):
        return FOR_EVERYONE
    if uri.startswith(resources.CONNECTION_TYPES):
        return SLOW
    if execution := resources.execution_of(uri):
        from polytomic_mcp.tools.syncs.executions import OVER  # noqa: PLC0415 - imported with the tool it reads

        is_final = execution.id != resources.LATEST and as_object(json.loads(text)).get("status") in OVER
        return SLOW if is_final else NEVER
    return SHORT
