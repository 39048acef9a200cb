"""The schemas of a bulk sync: list, read, patch and replace them, and cancel one."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.scalars import to_boolean
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.resources.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.resources.bulk_syncs import checks as bulk_checks
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.resources.models.source_fields import listed

_INVALID: Final = "The bulk sync's schemas are not valid"


def list_all(call: Call) -> JsonObject:
    """List the schemas; ``filters[enabled]`` selects by whether they are enabled.

    Only 2024-02-08 lists their fields and filters.
    """
    sync = _sync(call, "id")
    filters: Mapping[str, str] = call.arguments.get("filters", {})
    if others := sorted(filters.keys() - {"enabled"}):
        raise RefusalError(400, unknown("filter", others[0], ["enabled"]), key="bad_request")
    enabled = to_boolean(filters["enabled"]) if "enabled" in filters else None
    shown = [each for each in sync["_schemas"] if enabled is None or each["enabled"] is enabled]
    show = bulk_schemas.show if call.version < CURRENT else bulk_schemas.show_light
    return {"data": [show(sync, each) for each in shown]}


def get(call: Call) -> JsonObject:
    """Return one schema, with its fields and filters."""
    sync = _sync(call, "id")
    return {
        "data": bulk_schemas.show(sync, bulk_schemas.find(call.workspace, sync, call.arguments["schema_id"]))
    }


def patch(call: Call) -> JsonObject:
    """Patch schemas by their ids, and return them."""
    sync = _sync(call, "id")
    problems: list[Problem] = []
    changed: list[JsonObject] = []
    for position, request in enumerate(listed(call.arguments, "schemas")):
        if not request.get("id"):
            problem = Problem("missing_id", "Each schema requires an id.", f"schemas[{position}].id")
            raise refusal([problem], _INVALID, status=400)
        stored = bulk_schemas.find(call.workspace, sync, request["id"])
        changed.append(bulk_schemas.patched(_table(call, sync, stored), stored, request, problems))
    sync = _save(call, sync, changed, problems)
    return {"data": [bulk_schemas.show(sync, schema) for schema in changed]}


def update(call: Call) -> JsonObject:
    """Replace one schema: omitted arguments are reset to their defaults, except ``history_enabled``."""
    sync = _sync(call, "id")
    stored = bulk_schemas.find(call.workspace, sync, call.arguments["schema_id"])
    request: dict[str, Any] = {"history_enabled": stored["history_enabled"], **call.arguments}
    problems: list[Problem] = []
    schema = bulk_schemas.compose(_table(call, sync, stored), request, problems)
    sync = _save(call, sync, [schema], problems)
    return {"data": bulk_schemas.show(sync, schema)}


def cancel(call: Call) -> JsonObject:
    """Ask the execution that is under way to skip one schema."""
    sync = _sync(call, "id")
    schema = bulk_schemas.find(call.workspace, sync, call.arguments["schema_id"])
    current = bulk_executions.current(call.workspace, sync["id"])
    if current is None:
        return {"data": {"message": f"Bulk sync {sync['name']} is not running."}}
    return {"data": {"message": bulk_executions.request_schema_cancel(call.workspace, current, schema["id"])}}


def _sync(call: Call, name: str) -> JsonObject:
    return call.workspace.find(bulk_syncs.KIND, call.arguments[name])


def _table(call: Call, sync: JsonObject, schema: JsonObject) -> Table:
    source = call.workspace.find("connection", sync["source_connection_id"])
    table = bulk_sources.get_table(call.workspace, source, schema["id"])
    if table is None:
        message = f"The source no longer has the schema {schema['id']}."
        raise RefusalError(400, message, key="unknown_schema")
    return table


def _save(call: Call, sync: JsonObject, changed: list[JsonObject], problems: list[Problem]) -> JsonObject:
    by_id = {schema["id"]: schema for schema in changed}
    sync = sync | {"_schemas": [by_id.get(each["id"], each) for each in sync["_schemas"]]}
    problems += bulk_checks.schema_problems(call.workspace, sync)
    if problems:
        raise refusal(problems, _INVALID, status=400)
    sync |= {"updated_at": call.workspace.now(), "updated_by": ACTOR}
    call.workspace.store.put(bulk_syncs.KIND, sync["id"], sync)
    return sync


ROUTES: Final[Routes] = {
    "GET /api/bulk/syncs/{id}/schemas": list_all,
    "PATCH /api/bulk/syncs/{id}/schemas": patch,
    "GET /api/bulk/syncs/{id}/schemas/{schema_id}": get,
    "PUT /api/bulk/syncs/{id}/schemas/{schema_id}": update,
    "POST /api/bulk/syncs/{id}/schemas/{schema_id}/cancel": cancel,
}
