"""The question that a person is asked before an operation destroys something."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.deletions.deletion import Deletion
from polytomic_mcp.tools.deletions.pipelines import (
    bulk_sync_deletion,
    connection_deletion,
    model_deletion,
    sync_deletion,
)

_NOT_SHOWN: Final = frozenset({"body", "headers"})
"""Members that may contain secrets."""

_LONGEST: Final = 500


async def question(api: Polytomic, operation: Operation, arguments: JsonObject) -> str:
    """Return the question about one call: what it does, its arguments and, if known, what else it affects."""
    given = json.dumps(_shown(arguments), ensure_ascii=False)
    more = "…" if len(given) > _LONGEST else ""
    call = f"{operation.id}\n{operation.summary}\nArguments: {given[:_LONGEST]}{more}\nProceed?"
    plan = _DELETIONS.get(operation.id)
    try:
        return f"{(await plan(api, arguments)).question}\n{call}" if plan else call
    except (PolytomicError, ToolError):  # the operation itself reports what is wrong with the id
        return call


def confirmation(operation: Operation, arguments: JsonObject) -> str:
    """Return the value that confirms a call if the client cannot ask: the id of what is destroyed."""
    ids = [str(arguments[each.name]) for each in operation.parameters if each.place == "path"]
    return ids[-1] if ids else operation.id


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        members: Mapping[str, Any] = as_object(value)
        return {name: "…" if name in _NOT_SHOWN else _shown(part) for name, part in members.items()}
    return [_shown(part) for part in as_list(value)] if isinstance(value, list) else value


_DELETIONS: Final[Mapping[str, Callable[[Polytomic, JsonObject], Awaitable[Deletion]]]] = {
    "DELETE /api/connections/{id}": lambda api, given: connection_deletion(
        api, given["id"], bool(given.get("force"))
    ),
    "DELETE /api/models/{id}": lambda api, given: model_deletion(api, given["id"]),
    "DELETE /api/syncs/{id}": lambda api, given: sync_deletion(api, given["id"]),
    "DELETE /api/bulk/syncs/{id}": lambda api, given: bulk_sync_deletion(api, given["id"]),
}
