"""What a person is asked before an operation destroys something."""

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
"""Members that may hold secrets."""

_LONGEST: Final = 500


async def question(api: Polytomic, operation: Operation, arguments: JsonObject) -> str:
    """Ask about one call: what it does, what it is given and, where that can be told, what goes along."""
    given = json.dumps(_shown(arguments), ensure_ascii=False)
    more = "…" if len(given) > _LONGEST else ""
    asked = f"{operation.id}\n{operation.summary}\nWith: {given[:_LONGEST]}{more}\nReally do it?"
    work_out = _WORKED_OUT.get(operation.id)
    try:
        return f"{(await work_out(api, arguments)).question}\n{asked}" if work_out else asked
    except (PolytomicError, ToolError):  # the operation itself will say what is wrong with the id
        return asked


def confirmation(operation: Operation, arguments: JsonObject) -> str:
    """Return what has to be repeated where nobody can be asked: the id of what is destroyed."""
    ids = [str(arguments[each.name]) for each in operation.parameters if each.place == "path"]
    return ids[-1] if ids else operation.id


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        members: Mapping[str, Any] = as_object(value)
        return {name: "…" if name in _NOT_SHOWN else _shown(part) for name, part in members.items()}
    return [_shown(part) for part in as_list(value)] if isinstance(value, list) else value


_WORKED_OUT: Final[Mapping[str, Callable[[Polytomic, JsonObject], Awaitable[Deletion]]]] = {
    "DELETE /api/connections/{id}": lambda api, given: connection_deletion(
        api, given["id"], bool(given.get("force"))
    ),
    "DELETE /api/models/{id}": lambda api, given: model_deletion(api, given["id"]),
    "DELETE /api/syncs/{id}": lambda api, given: sync_deletion(api, given["id"]),
    "DELETE /api/bulk/syncs/{id}": lambda api, given: bulk_sync_deletion(api, given["id"]),
}
