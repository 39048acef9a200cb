"""A step whose tool a caller is not shown, as a call of the operation behind the tool."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.guides import PlannedStep

_OPERATIONS: Final[Mapping[str, str]] = {
    "create_bulk_sync": "POST /api/bulk/syncs",
    "get_bulk_sync": "GET /api/bulk/syncs/{id}",
    "get_bulk_sync_execution": "GET /api/bulk/syncs/{id}/executions",
    "list_source_schemas": "GET /api/connections/{id}/bulksync/source",
    "list_webhooks": "GET /api/webhooks",
    "run_query": "POST /api/connections/{connection_id}/query",
    "start_bulk_sync": "POST /api/bulk/syncs/{id}/executions",
}
"""The operations that take what these tools take; other tools do more than one call of an operation."""

_IDS: Final = frozenset(
    {"bulk_sync_id", "connection_id", "destination_connection_id", "source_connection_id"}
)
_NO_DRY_RUN: Final = "Show me the call of the next step. An operation has no dry run."


def shown_step(step: PlannedStep, shown: AbstractSet[str]) -> PlannedStep:
    """Return the step with a tool that is among those shown; unchanged if there is none for it."""
    operation = _OPERATIONS.get(step.tool or "")
    if step.tool in shown or operation is None or step.arguments is None:
        return step
    is_read = load_catalogue().find(operation).effect == "read"
    tool = "read_operation" if is_read else "write_operation"
    if tool not in shown:
        return step
    if "dry_run" in step.arguments:
        return PlannedStep(_NO_DRY_RUN)
    arguments = _wire(operation, step.arguments)
    return PlannedStep(step.do, tool, {"operation": operation, "arguments": arguments})


def _wire(operation: str, arguments: JsonObject) -> JsonObject:
    """Return the arguments under the operation's own names, with ids in place of names."""
    known = {parameter.name for parameter in load_catalogue().find(operation).parameters}
    return {
        name if name in known else "id": f"<id of {str(value).strip('<>')}>" if name in _IDS else value
        for name, value in arguments.items()
        if name in known | _IDS
    }
