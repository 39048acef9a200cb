"""Connections: create, read, replace, test and delete them, and show their usage and console."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.schema_problems import invalid_arguments
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType, load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.connections import connections, consents, sharing, usage
from polytomic_mcp.sandbox.resources.connections.configuration import unmasked, with_defaults
from polytomic_mcp.sandbox.resources.connections.dependents import Dependents, find_dependents
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent, sign_in_error
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.routes.syncs.logs import console_page


def list_all(call: Call) -> JsonObject:
    """List every connection, with its secrets masked."""
    found = call.workspace.store.list(connections.KIND)
    return {"data": [connections.show_state(call.workspace, each) for each in found]}


def get(call: Call) -> JsonObject:
    """Return one connection, with its secrets masked."""
    return {"data": connections.show_state(call.workspace, _find(call))}


def create(call: Call) -> JsonObject:
    """Create a connection; one that needs a person's consent starts unsaved, with an ``auth_url``."""
    return {"data": connections.create(call)}


def update(call: Call) -> JsonObject:
    """Replace a connection's name and configuration; a secret sent as its mask is unchanged."""
    harbors.require_own_connection(call.workspace, call.arguments["id"])
    return {"data": connections.update(call)}


def test(call: Call) -> Answer:
    """Test a configuration, merged into a stored one if ``connection_id`` is given; nothing is stored."""
    type_ = load_connection_types().require(call.arguments["type"])
    stored: JsonObject = {}
    is_consented = False
    if "connection_id" in call.arguments:
        connection = call.workspace.find(connections.KIND, call.arguments["connection_id"])
        _require_same_type(connection, type_)
        stored, is_consented = connection["configuration"], connection["_is_consented"]
    given = unmasked(type_, call.arguments.get("configuration", {}), stored)
    configuration = with_defaults(type_, {**stored, **given})
    if problems := connections.problems(type_, configuration):
        raise RefusalError(400, invalid_arguments(call.operation, problems).message, key="connection_failed")
    if needs_consent(type_, configuration):
        error = None if is_consented else f"{type_.name} waits for a person to sign in"
    else:
        error = sign_in_error(call.workspace, type_, configuration)
    tested = {"id": call.arguments.get("connection_id"), "type": type_.brief()}
    if error := error or call.workspace.faults.outage(tested):
        raise RefusalError(400, f"{call.operation}: {error}.", key="connection_failed")
    return Answer()


def delete(call: Call) -> Answer:
    """Delete a connection; ``force`` also deletes everything that depends on it."""
    workspace, document = call.workspace, _find(call)
    id_: str = document["id"]
    harbors.require_unbacked(workspace, id_)
    dependents, copies = find_dependents(workspace.store, id_), sharing.copies(workspace, id_)
    if (dependents or copies) and not call.arguments.get("force"):
        raise RefusalError(
            422,
            "connection in use; delete what depends on it first, or pass force=true to delete that too.",
            key="connection_in_use",
            metadata=Dependents({**dependents.documents, "shared_connection": copies}).summary(),
        )
    dependents.delete(workspace)
    sharing.delete_copies(workspace, id_)
    consents.cancel(workspace.store, id_)
    schema_cache.forget(workspace, id_)
    workspace.tables.release(system_of(document))
    workspace.store.delete(connections.KIND, id_)
    return Answer(status=204)


def get_usage(call: Call) -> JsonObject:
    """Return the calls to the connection's system in the last 24 hours."""
    return {"data": usage.describe(call.workspace, _find(call))}


def get_console(call: Call) -> JsonObject:
    """Return the last messages of the bulk syncs that read from the connection, or of one of them."""
    connection = call.workspace.find(connections.KIND, call.arguments["connection_id"])
    syncs = call.workspace.store.list("bulk_sync", {"source_connection_id": connection["id"]})
    if sync_id := call.arguments.get("sync_id"):
        call.workspace.find("bulk_sync", sync_id)
        syncs = [sync for sync in syncs if sync["id"] == sync_id]
    runs = [run for sync in syncs for run in bulk_executions.of_sync(call.workspace, sync["id"])]
    entries = [entry for run in runs for entry in logs.console(call.workspace, run["id"])]
    entries.sort(key=lambda entry: entry["timestamp"])
    return console_page(call, entries[-logs.MOST_MESSAGES :])


def _find(call: Call) -> JsonObject:
    return call.workspace.find(connections.KIND, call.arguments["id"])


def _require_same_type(connection: JsonObject, type_: ConnectionType) -> None:
    actual = connection["type"]["id"]
    if actual != type_.id:
        raise RefusalError(400, f"The connection of connection_id is of type {actual}, not {type_.id}.")


ROUTES: Final[Routes] = {
    "GET /api/connections": list_all,
    "POST /api/connections": create,
    "GET /api/connections/{id}": get,
    "PUT /api/connections/{id}": update,
    "DELETE /api/connections/{id}": delete,
    "POST /api/connections/test": test,
    "GET /api/connections/{id}/usage": get_usage,
    "GET /api/connections/{connection_id}/ingest/consolelog": get_console,
}
