"""Where a Harbor's store holds what a source's schema became: the outputs of its bulk syncs."""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs.destinations import table_name
from polytomic_mcp.sandbox.resources.harbors.harbors import unfit
from polytomic_mcp.sandbox.workspace.workspace import Workspace

MOST_SOURCES: Final = 200
MOST_FIELDS: Final = 500


def resolve(call: Call, harbor: JsonObject) -> JsonObject:
    """Answer for each source, in the order of the request, what its schema and fields are called."""
    sources: list[JsonObject] = call.arguments.get("sources") or []
    too_wide = [each for each in sources if len(each.get("fields") or ()) > MOST_FIELDS]
    if len(sources) > MOST_SOURCES or too_wide:
        raise unfit(call, f"sources may hold {MOST_SOURCES} entries, each with {MOST_FIELDS} fields")
    mapped = [_mapping(call.workspace, harbor, source) for source in sources]
    return {"backing_connection_id": harbor["backing_connection_id"], "sources": mapped}


def _mapping(workspace: Workspace, harbor: JsonObject, source: JsonObject) -> dict[str, Any]:
    syncs = workspace.store.list(
        "bulk_sync",
        {
            "destination_connection_id": harbor["backing_connection_id"],
            "source_connection_id": source["connection_id"],
        },
    )
    backing = workspace.find("connection", harbor["backing_connection_id"])
    written = {
        table_name(backing, sync["destination_configuration"], schema["output_name"])
        for sync in syncs
        for run in bulk_executions.of_sync(workspace, sync["id"])
        for schema in run["schemas"]
        if schema["schema"] == source["schema_id"] and schema["status"] == "completed"
    }
    if len(written) != 1:
        return {"status": "ambiguous" if written else "unresolved", "destination_schema_id": "", "fields": {}}
    (name,) = written
    table = workspace.tables.get(system_of(backing), name)
    columns = {field: table and table.column(field) for field in source.get("fields") or ()}
    fields = {field: column.name for field, column in columns.items() if column}
    return {"status": "resolved", "destination_schema_id": name, "fields": fields}
