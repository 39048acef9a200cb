"""How far a bulk sync has read each of its schemas."""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_KIND: Final = "bulk_mark"


def get(workspace: Workspace, sync_id: str, schema_id: str, state: JsonObject) -> Any:
    """Return the mark, or None where nothing was read yet or the ``state`` it holds for is another."""
    held = workspace.store.get(_KIND, _id(sync_id, schema_id))
    return held["mark"] if held and held["state"] == state else None


def put(workspace: Workspace, sync_id: str, schema_id: str, state: JsonObject, mark: Any) -> None:
    """Keep a mark, and the state it holds for."""
    workspace.store.put(_KIND, _id(sync_id, schema_id), {"state": state, "mark": mark})


def forget(workspace: Workspace, sync_id: str) -> None:
    """Forget how far a sync has read."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM documents WHERE kind = ? AND id LIKE ?", (_KIND, f"{sync_id}/%"))


def _id(sync_id: str, schema_id: str) -> str:
    return f"{sync_id}/{schema_id.casefold()}"
