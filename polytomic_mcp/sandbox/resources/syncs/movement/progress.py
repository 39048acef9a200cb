"""What a run reports while it writes: counts, errors and log lines, saved with the rows they describe."""

from typing import Final

from polytomic_mcp.sandbox.data.tables.tables import Row
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs.movement.record_writer import WriteResult
from polytomic_mcp.sandbox.workspace.workspace import Workspace

MOST_ERRORS: Final = 100

_LINES: Final = {"insert": "inserts", "update": "updates", "upserts": "updates", "delete": "deletes"}
"""The log of the rows that each outcome changed."""


class Progress:
    """The progress of one execution. A test counts no change and logs no changed row."""

    def __init__(self, workspace: Workspace, sync_id: str, execution_id: str, *, is_test: bool) -> None:
        self._workspace = workspace
        self._sync_id = sync_id
        self._id = execution_id
        self._is_test = is_test
        self._journal = logs.Journal(workspace, execution_id)
        self._errors: list[str] = []
        self.counts: dict[str, int] = dict.fromkeys((*executions.COUNTS, "skipped"), 0)

    @property
    def only_counts_inserts(self) -> bool:
        """Whether the logs have no room for further inserted records."""
        return self._journal.is_full("records", "inserts")

    def add_record(self, record: Record) -> None:
        """Log a record of the source."""
        self._journal.add("records", record[0])

    def add_batch(self, inserted: int) -> None:
        """Count records that were inserted together, after the logs are full."""
        self.counts["insert"] += inserted
        self._journal.count("records", inserted)
        self._journal.count("inserts", inserted)

    def add_result(self, result: WriteResult, record: Record) -> None:
        """Count a record that was written, and log the rows it changed."""
        if result.outcome == "skipped":
            self.counts["skipped"] += 1
        elif not self._is_test:
            self.counts[result.outcome] += 1
            for row in result.rows:
                self._journal.add(_LINES[result.outcome], row)
        if result.warning:
            self.counts["warnings"] += 1
            self._journal.add("warnings", {"row": record[0], "warning": result.warning})

    def add_error(self, number: int, record: Record, reason: str) -> None:
        """Count and log a record that could not be written; only the first errors are listed."""
        self.counts["error"] += 1
        self._journal.add("errors", {"row": record[0], "error": reason})
        if len(self._errors) < MOST_ERRORS:
            self._errors.append(f"Record {number}: {reason}")

    def add_deleted(self, row: Row) -> None:
        """Count and log a row that was deleted without a record."""
        self.counts["delete"] += 1
        self._journal.add("deletes", row)

    def save(self) -> None:
        """Store everything; call it inside the transaction that writes the rows."""
        self._journal.store()
        counts = {name: self.counts[name] for name in executions.COUNTS}
        execution = executions.find(self._workspace, self._sync_id, self._id)
        executions.save(self._workspace, execution | {"counts": counts, "errors": list(self._errors)})
