"""Which connections can be written to."""

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.workspace.workspace import Workspace


def require_destination(workspace: Workspace, connection_id: str) -> str:
    """Return the system a connection writes to.

    Raises:
        RefusalError: 404, there is no such connection; 422, it is not healthy or its type is no destination.
    """
    connection = workspace.find("connection", connection_id)
    if reason := objection(connection):
        raise RefusalError(422, reason, key="not_a_destination")
    workspace.faults.require_up(connection)
    return system_of(connection)


def objection(connection: JsonObject) -> str | None:
    """Return why nothing can be written through the connection, or None."""
    name, system = connection["name"], system_of(connection)
    if "destination" not in connection["type"]["operations"]:
        return f"Connection {name} is of type {system}, which is a source only; name another connection."
    if connection["status"] != "healthy":
        status = connection["status"] or "not authorized yet"
        return f"Connection {name} is {status}; finish its authorization or correct its configuration first."
    return None
