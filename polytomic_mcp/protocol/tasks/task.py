"""A task as SEP-2663 defines it, built each time from the state that Polytomic reports."""

from datetime import UTC, datetime
from typing import Final

from mcp.types import ErrorData

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.protocol.tasks.seal import Reference
from polytomic_mcp.protocol.tasks.work import Outcome, Status, Work

_CHANGES: Final = ("completed_at", "updated_at", "started_at")
_SHORTEST_POLL: Final = 1_000
_LONGEST_POLL: Final = 10_000
_POLLS_PER_AGE: Final = 20


def began(answer: JsonObject, now: datetime) -> datetime:
    """Return when the work in a tool's answer began: ``created_at``, or ``now`` if it is missing."""
    try:
        moment = datetime.fromisoformat(str(answer.get("created_at")))
    except ValueError:
        return now
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def status_of(work: Work, outcome: Outcome) -> Status:
    """Return the task's status. A tool's error means completed; ``failed`` is for protocol errors."""
    if isinstance(outcome, ErrorData):
        return "failed"
    return "completed" if outcome.is_error else work.status(as_object(outcome.structured_content))


def task(task_id: str, reference: Reference, work: Work, outcome: Outcome, now: datetime) -> JsonObject:
    """Return the task without its result.

    ``ttlMs`` is null: a task lasts as long as Polytomic has the work. The poll interval starts at one
    second and grows with the age of the work, up to ten seconds.
    """
    seen: JsonObject = {} if isinstance(outcome, ErrorData) else as_object(outcome.structured_content)
    created = reference.began.isoformat()
    age = int((now - reference.began).total_seconds() * 1000)
    shown: JsonObject = {
        "taskId": task_id,
        "status": status_of(work, outcome),
        "createdAt": created,
        "lastUpdatedAt": next((str(seen[name]) for name in _CHANGES if seen.get(name)), created),
        "ttlMs": None,
        "pollIntervalMs": min(max(age // _POLLS_PER_AGE, _SHORTEST_POLL), _LONGEST_POLL),
    }
    return shown | ({"statusMessage": work.describe(seen)} if seen else {})


def detailed(task: JsonObject, outcome: Outcome) -> JsonObject:
    """Return the task with its result or its error, if its status has one."""
    dumped = outcome.model_dump(mode="json", by_alias=True, exclude_none=True)
    part = {"completed": "result", "failed": "error"}.get(task["status"])
    return task | {part: dumped} if part else task
