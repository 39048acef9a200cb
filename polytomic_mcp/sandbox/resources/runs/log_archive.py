"""A bulk execution's logs packed into one archive: what an export's address opens."""

import io
import json
import zipfile
from typing import Final

from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.workspace.workspace import Workspace

TYPES: Final = ("inserts", "updates", "deletes", "errors")
"""The logs of a bulk execution."""


def with_lines(workspace: Workspace, execution_id: str) -> list[str]:
    """Return the types of log that an execution wrote at least one line to."""
    counts = logs.counts(workspace, execution_id)
    return [type_ for type_ in TYPES if counts[type_]]


def packed(workspace: Workspace, execution_id: str) -> bytes:
    """Return a ZIP archive with one file of JSON lines for each log."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for type_ in with_lines(workspace, execution_id):
            lines = (
                json.dumps(line, ensure_ascii=False) for line in logs.lines(workspace, execution_id, type_)
            )
            archive.writestr(f"{type_}.jsonl", "".join(f"{line}\n" for line in lines))
    return buffer.getvalue()
