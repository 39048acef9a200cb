"""What is kept for a while only: forgotten by the world's clock, not by a timer."""

from datetime import timedelta
from typing import Final

from polytomic_mcp.sandbox.world.world import World, written

RETENTION: Final = timedelta(hours=48)
"""How long events are kept (the API's documentation); deliveries as long (a guess).

What has expired or been used up is kept as long, too.
"""


def forget_old(world: World, kind: str, moment: str) -> None:
    """Delete the documents of a kind whose ``moment``, one of their keys, is too long ago."""
    with world.store.transaction() as connection:
        connection.execute(
            "DELETE FROM documents WHERE kind = ? AND json_extract(body, '$.' || ?) < ?",
            (kind, moment, written(world.clock() - RETENTION)),
        )
