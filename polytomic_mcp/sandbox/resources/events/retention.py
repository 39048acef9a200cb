"""What is kept for a while only: forgotten by the workspace's clock, not by a timer."""

from datetime import timedelta
from typing import Final

from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

RETENTION: Final = timedelta(hours=48)
"""How long events are kept (the API's documentation); deliveries as long (a guess).

What has expired or been used up is kept as long, too.
"""


def forget_old(workspace: Workspace, kind: str, moment: str) -> None:
    """Delete the documents of a kind whose ``moment``, one of their keys, is too long ago."""
    with workspace.store.transaction() as connection:
        connection.execute(
            "DELETE FROM documents WHERE kind = ? AND json_extract(body, '$.' || ?) < ?",
            (kind, moment, written(workspace.clock() - RETENTION)),
        )
