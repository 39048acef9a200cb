"""How far a bulk sync has read each of its schemas: the highest value so far of its tracking field."""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_KIND: Final = "bulk_mark"


def get(workspace: Workspace, sync_id: str, schema_id: str, state: JsonObject) -> Any:
    """Return the watermark, or None if there is none or it was stored for another ``state``."""
    stored = workspace.store.get(_KIND, _id(sync_id, schema_id))
    return stored["mark"] if stored and stored["state"] == state else None


def put(workspace: Workspace, sync_id: str, schema_id: str, state: JsonObject, mark: Any) -> None:
    """Store a watermark and the ``state`` for which it is valid."""
    workspace.store.put(_KIND, _id(sync_id, schema_id), {"state": state, "mark": mark})


def delete_all(workspace: Workspace, sync_id: str) -> None:
    """Delete the watermarks of a bulk sync."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM documents WHERE kind = ? AND id LIKE ?", (_KIND, f"{sync_id}/%"))


def _id(sync_id: str, schema_id: str) -> str:
    return f"{sync_id}/{schema_id.casefold()}"
