"""A bulk execution's logs packed into one archive: what an export's address opens."""

import io
import json
import zipfile
from typing import Final

from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.world.world import World

TYPES: Final = ("inserts", "updates", "deletes", "errors")
"""The logs of a bulk execution."""


def with_lines(world: World, execution_id: str) -> list[str]:
    """Return the types of log that an execution wrote at least one line to."""
    counts = logs.counts(world, execution_id)
    return [type_ for type_ in TYPES if counts[type_]]


def packed(world: World, execution_id: str) -> bytes:
    """Return a ZIP archive with one file of JSON lines for each log."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for type_ in with_lines(world, execution_id):
            lines = (json.dumps(line, ensure_ascii=False) for line in logs.lines(world, execution_id, type_))
            archive.writestr(f"{type_}.jsonl", "".join(f"{line}\n" for line in lines))
    return buffer.getvalue()
