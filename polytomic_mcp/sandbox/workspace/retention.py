"""Retention: documents that are deleted once the workspace's clock says they are too old."""

from datetime import timedelta
from typing import Final

from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

RETENTION: Final = timedelta(hours=48)
"""How long events are stored (the API's documentation), and everything else that expires (a guess)."""


def delete_expired(workspace: Workspace, kind: str, time_key: str) -> None:
    """Delete the documents of a kind whose time, stored under ``time_key``, is older than ``RETENTION``."""
    with workspace.store.transaction() as connection:
        connection.execute(
            "DELETE FROM documents WHERE kind = ? AND json_extract(body, '$.' || ?) < ?",
            (kind, time_key, written(workspace.clock() - RETENTION)),
        )
