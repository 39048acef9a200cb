"""The status of the cache of a connection's schemas.

A healthy connection starts a refresh when it is created. A refresh ends when its status or a schema has
been read once: callers see ``refreshing`` and then ``fresh``, whatever the time. This is a choice, so that
loops that wait are exercised and no test sleeps. Only the creation of a bulk sync waits for the first one:
the Terraform provider repeats that call, but no read of a schema.
"""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.schemas import schemas
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "schema_status"

NEVER: Final[JsonObject] = {
    "cache_status": "none",
    "last_refresh_started": None,
    "last_refresh_finished": None,
}
"""The status of a connection that has never been healthy (a guess)."""


def start(workspace: Workspace, connection_id: str) -> None:
    """Start a refresh, unless one is running."""
    status = workspace.store.get(KIND, connection_id) or NEVER
    if status["cache_status"] != "refreshing":
        started = {"cache_status": "refreshing", "last_refresh_started": workspace.now()}
        workspace.store.put(KIND, connection_id, {**status, **started})


def observe(workspace: Workspace, connection_id: str) -> JsonObject:
    """Return the status, and end a running refresh, so that the next call returns ``fresh``."""
    with workspace.store.transaction():
        status = workspace.store.get(KIND, connection_id) or NEVER
        if status["cache_status"] == "refreshing":
            ended = {"cache_status": "fresh", "last_refresh_finished": workspace.now()}
            workspace.store.put(KIND, connection_id, {**status, **ended})
    return dict(status)


def require_read(workspace: Workspace, connection: JsonObject) -> None:
    """Require that the first refresh has ended, for a new bulk sync; end it otherwise, as a read does.

    Clients that retry recognize the message by its wording, and 422 is one of two statuses they expect.

    Raises:
        RefusalError: 422 if the first refresh is running.
    """
    status = observe(workspace, connection["id"])
    if status["last_refresh_finished"] is None:
        raise RefusalError(
            422,
            f"Connection {connection['name']}: schema cache refresh in progress; try again.",
            key="schemas_not_ready",
        )


def forget(workspace: Workspace, connection_id: str) -> None:
    """Delete the status of a deleted connection, and what users changed in its schemas."""
    workspace.store.delete(KIND, connection_id)
    schemas.forget(workspace, connection_id)
