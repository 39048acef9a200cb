"""What an execution writes down: a line for each record, by type, and the console's messages.

The lines are stored in the same transaction as the rows they tell of. Beyond ``MOST_LINES`` of a
type they are counted and no longer kept.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.workspace.workspace import Workspace

TYPES: Final = ("records", "errors", "warnings", "inserts", "updates", "deletes")
MOST_LINES: Final = 10_000
MOST_MESSAGES: Final = 50


class Journal:
    """Collects an execution's lines, and stores those that came since the last time."""

    def __init__(self, workspace: Workspace, execution_id: str) -> None:
        self._workspace = workspace
        self._id = execution_id
        self._lines: defaultdict[str, list[Any]] = defaultdict(list)
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._parts = 0

    def add(self, type_: str, line: Any) -> None:
        """Note one line of a type."""
        self._counts[type_] += 1
        if self._counts[type_] <= MOST_LINES:
            self._lines[type_].append(line)

    def is_full(self, *types: str) -> bool:
        """Say whether further lines of these types are counted only."""
        return all(self._counts[type_] >= MOST_LINES for type_ in types)

    def count(self, type_: str, number: int) -> None:
        """Count further lines of a type that is full."""
        self._counts[type_] += number

    def mark(self) -> dict[str, int]:
        """Return where the journal stands, for ``rewind``; everything so far must be stored."""
        return dict(self._counts)

    def rewind(self, mark: dict[str, int]) -> None:
        """Forget what was noted since the mark."""
        self._counts = defaultdict(int, mark)
        self._lines.clear()

    def store(self) -> None:
        """Write what was noted; call it inside the transaction that writes the rows."""
        for type_, lines in self._lines.items():
            self._workspace.store.put(_kind(self._id, type_), str(self._parts), {"lines": lines})
        self._workspace.store.put(_kind(self._id, "counts"), "", dict(self._counts))
        self._lines.clear()
        self._parts += 1


def lines(workspace: Workspace, execution_id: str, type_: str) -> Iterator[Any]:
    """Yield the lines of a type, oldest first."""
    for part in workspace.store.list(_kind(execution_id, type_)):
        yield from part["lines"]


def counts(workspace: Workspace, execution_id: str) -> dict[str, int]:
    """Return how many lines each type had, kept or not."""
    found = workspace.store.get(_kind(execution_id, "counts"), "") or {}
    return {type_: found.get(type_, 0) for type_ in TYPES}


def say(
    workspace: Workspace, execution_id: str, level: str, message: str, payload: JsonObject | None = None
) -> None:
    """Write one message to the execution's console; the last ``MOST_MESSAGES`` are kept."""
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


def forget(workspace: Workspace, execution_id: str) -> None:
    """Remove everything an execution wrote down."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM documents WHERE kind LIKE ?", (f"log/{execution_id}/%",))


def _kind(execution_id: str, type_: str) -> str:
    return f"log/{execution_id}/{type_}"
