"""Runs of a sync or bulk sync: when each ran, how it ended, and what became of its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Self

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.common.scalars import to_moment
from polytomic_mcp.tools.api_access.executions import skipped_rows

_OVER: Final = frozenset({"completed", "failed", "canceled", "interrupted", "errors"})
_FAILED: Final = frozenset({"failed", "interrupted"})
_SUCCEEDED: Final = frozenset({"completed", "errors"})
_MOVED: Final = ("insert", "update", "upserts", "delete")


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a sync or bulk sync: when it ran, rows moved and rows rejected.

    ``rows`` is how many rows it processed; None if the API does not say. Rows that a replacing sync deletes
    first are counted as moved, but not in ``rows``. ``skipped`` rows were neither written nor rejected, in a
    run that is not a test. ``is_retry`` marks a run with no more rows than an earlier one rejected: a sync
    moves new and changed rows, and those that failed before.
    """

    id: str
    status: str
    started: datetime | None
    ended: datetime | None
    moved: int
    errors: int
    rows: int | None = None
    reason: str = ""
    is_test: bool = False
    skipped: int = 0
    is_retry: bool = False

    @classmethod
    def of(cls, execution: JsonObject) -> Self:
        """Read an execution of either kind. A bulk sync counts records, not how they were written.

        That the record count of a bulk sync leaves out rejected records is a guess.
        """
        counts = as_object(execution.get("counts"))
        moves = {name: int(counts.get(name) or 0) for name in _MOVED if name in counts}
        total = int(counts.get("total") or execution.get("record_count") or 0)
        errors = int(counts.get("error") or execution.get("error_count") or 0)
        written = sum(moves.values()) - moves.get("delete", 0) + int(execution.get("record_count") or 0)
        is_counted = any(execution.get(name) is not None for name in ("counts", "record_count"))
        reasons = [*as_list(execution.get("errors")), execution.get("status_message")]
        return cls(
            id=str(execution.get("id")),
            status=str(execution.get("status")),
            started=to_moment(execution.get("started_at") or execution.get("created_at")),
            ended=to_moment(execution.get("completed_at")),
            moved=sum(moves.values()) if moves else total,
            errors=errors,
            rows=max(total, written + errors) if is_counted else None,
            reason=next((str(reason) for reason in reasons if reason), ""),
            is_test=execution.get("type") == "test" or bool(execution.get("is_test")),
            skipped=skipped_rows(execution),
        )

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in any way."""
        return self.status in _OVER

    @property
    def is_failed(self) -> bool:
        """Whether it ended before it was complete, without being canceled."""
        return self.status in _FAILED

    @property
    def is_canceled(self) -> bool:
        """Whether a user canceled it."""
        return self.status == "canceled"

    @property
    def has_rejected_rows(self) -> bool:
        """Whether it rejected any rows."""
        return self.errors > 0 or self.status == "errors"

    @property
    def found_nothing(self) -> bool:
        """Whether it completed and there were no rows; a replacing sync then deleted all records."""
        return self.is_complete and self.rows == 0

    @property
    def is_empty(self) -> bool:
        """Whether it completed, there were no rows and it changed nothing."""
        return self.found_nothing and not self.moved

    @property
    def has_rejected_all(self) -> bool:
        """Whether there were rows, not only ones rejected before, and it rejected every one."""
        return not self.is_retry and self.rows is not None and 0 < self.rows <= self.errors

    @property
    def is_complete(self) -> bool:
        """Whether it ran to completion, with or without rejected rows."""
        return self.status in _SUCCEEDED

    @property
    def is_success(self) -> bool:
        """Whether it ran to completion and did not reject every row."""
        return self.is_complete and not self.has_rejected_all

    @property
    def failure(self) -> str:
        """Why it counts as failed; empty if it does not."""
        if self.is_failed:
            return self.reason or self.status
        return f"all {self.rows} rows were rejected" if self.has_rejected_all else ""


def runs_of(executions: object) -> list[Run]:
    """Read executions, newest first, without test runs, which say nothing about the sync."""
    runs = [run for execution in as_objects(executions) if not (run := Run.of(execution)).is_test]
    runs.sort(key=lambda run: run.started.timestamp() if run.started else 0, reverse=True)
    return [*_with_retries(runs[::-1])][::-1]


def _with_retries(runs: Sequence[Run]) -> Iterator[Run]:
    """Yield the runs, oldest first, and mark those that could only try rejected rows again."""
    rejected = 0
    for run in runs:
        found = replace(run, is_retry=run.rows is not None and 0 < run.rows <= rejected)
        yield found
        if not found.found_nothing:
            rejected = found.errors if found.is_success else 0


def decisive_run(runs: Sequence[Run]) -> Run | None:
    """Return the run, of runs newest first, that the state of the sync depends on; None without any.

    That is the latest, unless it was empty and the last one with rows rejected some: a run without rows, such
    as one limited to a selection, does not show that those rows would now be accepted.
    """
    with_rows = next((run for run in runs if not run.is_empty), None)
    if with_rows is not None and with_rows.has_rejected_rows:
        return with_rows
    return runs[0] if runs else None


def usual_duration(runs: Sequence[Run]) -> timedelta | None:
    """Return the median duration of the completed runs; None if there are none."""
    seconds = [
        (run.ended - run.started).total_seconds()
        for run in runs
        if run.is_complete and run.started is not None and run.ended is not None
    ]
    return timedelta(seconds=median(seconds)) if seconds else None


def span(duration: timedelta) -> str:
    """Write a duration in its largest fitting unit, such as ``26 h``."""
    seconds = max(duration.total_seconds(), 0)
    for unit, size, least in (("d", 86_400, 2), ("h", 3_600, 2), ("min", 60, 2)):
        if seconds >= size * least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
