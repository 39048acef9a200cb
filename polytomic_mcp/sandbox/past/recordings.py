"""Recordings of runs: a run that the engine made once stands for others at other times, with other counts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_objects
from polytomic_mcp.sandbox.past.ids import derived
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.runs import history, logs
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

_DELAY: Final = timedelta(seconds=2)
"""How long after its due time a run starts."""

Document = tuple[str, str, JsonObject]
"""A document as it is stored: its kind, its id and its body."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A run: its execution, the lines of its logs by type, and the messages of its console."""

    execution: JsonObject
    lines: dict[str, list[Any]]
    console: list[JsonObject]

    @classmethod
    def take(cls, workspace: Workspace, kind: str, execution_id: str) -> "Recording":
        """Return a run that has ended, and delete it."""
        execution = workspace.find(history.KINDS[kind], execution_id)
        lines = {type_: [*logs.lines(workspace, execution_id, type_)] for type_ in logs.TYPES}
        console = logs.console(workspace, execution_id)
        workspace.store.delete(history.KINDS[kind], execution_id)
        logs.delete(workspace, execution_id)
        return cls(execution, {type_: each for type_, each in lines.items() if each}, console)

    def moving(self, rows: int, offset: int) -> "Recording":
        """Return the run as if it had found only some of the rows, all of which the target had."""
        changed = self.lines.get("inserts") or self.lines.get("updates") or []
        read = self.lines.get("records", [])
        found = {"records": _some(read, rows, offset), "updates": _some(changed, rows, offset)}
        lines = {type_: each for type_, each in found.items() if each}
        counts = _counts(self.execution, rows)
        console = [_with_counts(each, counts) for each in self.console]
        return replace(self, execution=self.execution | counts, lines=lines, console=console)

    def at(self, due: datetime, number: int, duration: timedelta) -> "Recording":
        """Return the run as one that was due at a time, the ``number``th of its sync."""
        id_ = derived(self.execution["_sync_id"], written(due))
        started = due + _DELAY
        ended = started + duration if self.execution["started_at"] else due
        times = {
            "created_at": written(due),
            "started_at": written(started),
            "completed_at": written(ended),
            "updated_at": written(ended),
        }
        execution = _retimed(self.execution, times) | {"id": id_, "_number": number}
        if "schemas" in execution:
            execution["schemas"] = [_retimed(each, times) for each in as_objects(execution["schemas"])]
        last = len(self.console) - 1
        console = [
            {
                **each,
                "id": derived(id_, str(position)),
                "timestamp": written(ended if position == last else started),
            }
            for position, each in enumerate(self.console)
        ]
        return replace(self, execution=execution, console=console)

    def documents(self, kind: str) -> Iterator[Document]:
        """Yield what is stored of the run."""
        id_ = self.execution["id"]
        yield history.KINDS[kind], id_, self.execution
        for type_, lines in self.lines.items():
            yield f"log/{id_}/{type_}", "0", {"lines": lines}
        yield f"log/{id_}/counts", "", {type_: len(lines) for type_, lines in self.lines.items()}
        for each in self.console:
            yield f"log/{id_}/console", each["id"], each


def insert(workspace: Workspace, documents: Iterator[Document]) -> None:
    """Store new documents that belong to no organization of their own."""
    with workspace.store.transaction() as connection:
        connection.executemany(
            "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)",
            ((kind, id_, json.dumps(body)) for kind, id_, body in documents),
        )


def _counts(execution: JsonObject, rows: int) -> JsonObject:
    """Return the counts of an execution of either kind that updated some rows, those of its first schema."""
    if "schemas" not in execution:
        return {"counts": dict.fromkeys(executions.COUNTS, 0) | {"update": rows, "total": rows}}
    none = dict.fromkeys(bulk_executions.COUNTS, 0)
    first, *others = execution["schemas"]
    moved = none | {"record_count": rows}
    return {**moved, "schemas": [first | moved, *(each | none for each in others)]}


def _with_counts(message: JsonObject, counts: JsonObject) -> JsonObject:
    """Return a message of the console with other counts; what it says after a comma is about its own run."""
    found = counts.get("counts", counts)
    payload = {name: found.get(name, 0) for name in message["payload"]}
    return {**message, "message": message["message"].partition(",")[0], "payload": payload}


def _some(lines: list[Any], count: int, offset: int) -> list[Any]:
    return [lines[(offset + at) % len(lines)] for at in range(count)] if lines else []


def _retimed(document: JsonObject, times: dict[str, str]) -> JsonObject:
    return {name: times[name] if value and name in times else value for name, value in document.items()}
