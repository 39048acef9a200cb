"""An execution's logs: a line for each record, by type of log, and the messages of the console.

The lines are stored in the transaction that writes the rows. Beyond ``MOST_LINES`` of a type, lines are
counted and not stored.
"""

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.workspace.workspace import Workspace

TYPES: Final = ("records", "errors", "warnings", "inserts", "updates", "deletes")
BULK_TYPES: Final = ("inserts", "updates", "deletes", "errors")
"""The logs of a bulk execution."""

FILE: Final = "part-0.jsonl"
"""The name of the only file of a log."""

MOST_LINES: Final = 10_000
MOST_MESSAGES: Final = 50


class Journal:
    """Collects an execution's lines and stores them in parts."""

    def __init__(self, workspace: Workspace, execution_id: str) -> None:
        self._workspace = workspace
        self._id = execution_id
        self._lines: defaultdict[str, list[Any]] = defaultdict(list)
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._parts = 0

    def add(self, type_: str, line: Any) -> None:
        """Add one line to a log."""
        self._counts[type_] += 1
        if self._counts[type_] <= MOST_LINES:
            self._lines[type_].append(line)

    def is_full(self, *types: str) -> bool:
        """Return whether further lines of all these logs would only be counted."""
        return all(self._counts[type_] >= MOST_LINES for type_ in types)

    def count(self, type_: str, number: int) -> None:
        """Count further lines of a log that is full."""
        self._counts[type_] += number

    def store(self) -> None:
        """Store the lines added since the last call; call it in the transaction that writes the rows."""
        for type_, lines in self._lines.items():
            self._workspace.store.put(_kind(self._id, type_), str(self._parts), {"lines": lines})
        self._workspace.store.put(_kind(self._id, "counts"), "", dict(self._counts))
        self._lines.clear()
        self._parts += 1


def lines(workspace: Workspace, execution_id: str, type_: str) -> Iterator[Any]:
    """Yield the lines of a log, oldest first."""
    for part in workspace.store.list(_kind(execution_id, type_)):
        yield from part["lines"]


def counts(workspace: Workspace, execution_id: str) -> dict[str, int]:
    """Return the number of lines of each log, including those that were not stored."""
    found = workspace.store.get(_kind(execution_id, "counts"), "") or {}
    return {type_: found.get(type_, 0) for type_ in TYPES}


def with_lines(workspace: Workspace, execution_id: str) -> list[str]:
    """Return the logs of a bulk execution that have at least one line."""
    found = counts(workspace, execution_id)
    return [type_ for type_ in BULK_TYPES if found[type_]]


def archive(workspace: Workspace, execution_id: str) -> bytes:
    """Return a bulk execution's logs as a ZIP archive, with a file of JSON lines for each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as files:
        for type_ in with_lines(workspace, execution_id):
            text = (json.dumps(line, ensure_ascii=False) for line in lines(workspace, execution_id, type_))
            files.writestr(f"{type_}.jsonl", "".join(f"{line}\n" for line in text))
    return buffer.getvalue()


def say(
    workspace: Workspace, execution_id: str, level: str, message: str, payload: JsonObject | None = None
) -> None:
    """Write a message to the execution's console, which holds the last ``MOST_MESSAGES``."""
    kind = _kind(execution_id, "console")
    with workspace.store.transaction() as connection:
        id_ = workspace.new_id()
        entry = {
            "id": id_,
            "timestamp": workspace.now(),
            "level": level,
            "message": message,
            "payload": payload or {},
        }
        workspace.store.put(kind, id_, entry)
        connection.execute(
            "DELETE FROM documents WHERE kind = ? AND position <= "
            "(SELECT position FROM documents WHERE kind = ? ORDER BY position DESC LIMIT 1 OFFSET ?)",
            (kind, kind, MOST_MESSAGES),
        )


def console(workspace: Workspace, execution_id: str) -> list[JsonObject]:
    """Return the console's messages, oldest first."""
    return workspace.store.list(_kind(execution_id, "console"))


def delete(workspace: Workspace, execution_id: str) -> None:
    """Delete an execution's logs and console."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM documents WHERE kind LIKE ?", (f"log/{execution_id}/%",))


def _kind(execution_id: str, type_: str) -> str:
    return f"log/{execution_id}/{type_}"
