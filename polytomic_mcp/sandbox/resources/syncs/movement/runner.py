"""Runs a sync: reads its records, moves them chunk by chunk, and keeps true counts of what became of them.

Every run reads all records (a guess). One that the target holds already counts as an update where the mode
updates, whether its values differ or not, so that the counts add up to ``total``; what a mode leaves alone
(``create`` finds it there, ``update`` does not) counts in ``total`` only. Each chunk's rows, counts and
log lines are written in one transaction, so a process that is killed leaves counts that match the rows.
``replace`` is one transaction as a whole: until it ends, the target keeps what it had.
"""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.backend import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.conversion import UnfitError
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.models.source_fields import Sources
from polytomic_mcp.sandbox.resources.runs import executions, logs
from polytomic_mcp.sandbox.resources.syncs import checks
from polytomic_mcp.sandbox.resources.syncs.checks import require_target
from polytomic_mcp.sandbox.resources.syncs.movement.fresh_rows import FreshRows, is_plain
from polytomic_mcp.sandbox.resources.syncs.movement.mover import Moved, Mover, RecordError
from polytomic_mcp.sandbox.resources.syncs.movement.plan import make_plan
from polytomic_mcp.sandbox.resources.syncs.movement.records import Records
from polytomic_mcp.sandbox.resources.syncs.movement.references import References
from polytomic_mcp.sandbox.resources.syncs.movement.target_rows import TargetRows
from polytomic_mcp.sandbox.workspace.workspace import Workspace

CHUNK: Final = 10_000
TEST_RECORDS: Final = 5
MOST_ERRORS: Final = 100

_LINES: Final = {"insert": "inserts", "update": "updates", "upserts": "updates", "delete": "deletes"}
_LOG: Final = logging.getLogger(__name__)


def run(workspace: Workspace, sync_id: str, execution_id: str) -> None:
    """Run an execution to its end; whatever goes wrong ends it as ``failed`` with the reason."""
    try:
        _Run(workspace, sync_id, execution_id).perform()
    except RefusalError as refusal:
        _fail(workspace, execution_id, refusal.message)
    except Exception:  # noqa: BLE001 - the outermost handler of a worker: a fault must not leave it running
        _LOG.debug("execution %s failed", execution_id, exc_info=True)
        _fail(workspace, execution_id, "The sandbox failed; that is a fault of the sandbox.")


def _fail(workspace: Workspace, execution_id: str, reason: str) -> None:
    with workspace.store.transaction():
        execution = workspace.store.get("execution", execution_id)
        if execution is not None:  # the sync may have been deleted meanwhile
            logs.say(workspace, execution_id, "error", reason)
            executions.finish(workspace, execution, "failed", reason)


class _Run:
    """One execution while it runs."""

    def __init__(self, workspace: Workspace, sync_id: str, execution_id: str) -> None:
        self._workspace = workspace
        self._sync = workspace.find("sync", sync_id)
        self._id = execution_id
        self._request: JsonObject = executions.find(workspace, sync_id, execution_id)["_request"]
        self._is_test = bool(self._request.get("test"))
        self._journal = logs.Journal(workspace, execution_id)
        self._counts: dict[str, int] = dict.fromkeys((*executions.COUNTS, "skipped"), 0)
        self._errors: list[str] = []

    def perform(self) -> None:
        sources = Sources(self._workspace.store)
        target = require_target(self._workspace, self._sync, sources)
        records = Records(self._workspace, self._sync, sources)
        self._plan = make_plan(self._workspace, self._sync, target, records)
        matched = self._plan.identities if self._plan.mode.matches else ()
        self._contents = TargetRows(self._workspace.tables, target.table, matched)
        tables, now = self._workspace.tables, self._workspace.now()
        self._mover = Mover(self._plan, self._contents, References(tables, target.table), now)
        is_fast = is_plain(tables, self._plan)
        self._fresh = FreshRows(self._workspace.store, tables, self._plan, now) if is_fast else None
        if not self._begin():
            return
        chosen = records.chosen(self._request)
        chunks = _chunks(islice(chosen, TEST_RECORDS) if self._is_test else chosen)
        ends = checks.ends(self._workspace, self._sync, sources)
        for chunk in self._workspace.faults.chunks(self._sync["id"], ends, chunks):
            if not self._step(chunk):
                return
        self._end()

    def _begin(self) -> bool:
        with self._workspace.store.transaction():
            if self._is_canceled():
                return False
            executions.begin(self._workspace, self._execution())
            logs.say(self._workspace, self._id, "info", f"Started in mode {self._plan.mode.id}")
            return True

    def _step(self, chunk: Sequence[Record]) -> bool:
        """Move a chunk; say whether to go on. One in which a server refuses rows is tried again in halves."""
        counts, mark = dict(self._counts), self._journal.mark()
        errors = len(self._errors)
        try:
            return self._transact(chunk)
        except RefusedRowsError as refusal:
            self._counts = counts
            self._journal.rewind(mark)
            self._contents.forget()
            del self._errors[errors:]
            if len(chunk) == 1:
                return self._refuse(chunk[0], refusal)
        middle = len(chunk) // 2
        return self._step(chunk[:middle]) and self._step(chunk[middle:])

    def _refuse(self, record: Record, refusal: RefusedRowsError) -> bool:
        """Count a record that the server refused, in its words."""
        with self._workspace.store.transaction():
            self._counts["total"] += 1
            self._journal.add("records", record[0])
            self._note_error(self._counts["total"], record, "; ".join(refusal.reasons.values()))
            self._save()
            return True

    def _transact(self, chunk: Sequence[Record]) -> bool:
        """Move a chunk in one transaction; say whether to go on."""
        with self._workspace.store.transaction():
            if self._is_canceled():
                return False
            numbered = [*enumerate(chunk, self._counts["total"] + 1)]
            self._counts["total"] += len(chunk)
            rest = self._insert_fresh(numbered)
            self._mover.load([record for _, record in rest])
            for number, record in rest:
                self._move(number, record)
            if not self._is_test and not self._plan.mode.clears:
                self._write()
            return True

    def _end(self) -> None:
        with self._workspace.store.transaction():
            if self._is_canceled():
                return
            if self._plan.mode.clears and not self._is_test:
                self._clear()
                self._write()
            elif self._is_test:
                self._forget_changes()
            self._save()
            rest = f"Completed: {self._counts['skipped']} skipped"
            logs.say(self._workspace, self._id, "info", rest, dict(self._counts))
            executions.finish(self._workspace, self._execution(), "completed")

    def _insert_fresh(self, numbered: list[tuple[int, Record]]) -> list[tuple[int, Record]]:
        """Insert at once what needs neither a look nor a line in the journal, and return the rest."""
        if self._fresh is None or self._is_test or not self._journal.is_full("records", "inserts"):
            return numbered
        rest = self._fresh.insert([record for _, record in numbered])
        inserted = len(numbered) - len(rest)
        self._counts["insert"] += inserted
        self._journal.count("records", inserted)
        self._journal.count("inserts", inserted)
        return [numbered[position] for position in rest]

    def _move(self, number: int, record: Record) -> None:
        self._journal.add("records", record[0])
        try:
            moved = self._mover.move(record)
        except (RecordError, UnfitError) as error:
            self._note_error(number, record, str(error))
        else:
            self._note(moved, record)

    def _note_error(self, number: int, record: Record, reason: str) -> None:
        self._counts["error"] += 1
        self._journal.add("errors", {"row": record[0], "error": reason})
        if len(self._errors) < MOST_ERRORS:
            self._errors.append(f"Record {number}: {reason}")

    def _note(self, moved: Moved, record: Record) -> None:
        self._counts[moved.outcome] += 1
        if not self._is_test:
            for row in moved.rows:
                self._journal.add(_LINES[moved.outcome], row)
        if moved.warning:
            self._counts["warnings"] += 1
            self._journal.add("warnings", {"row": record[0], "warning": moved.warning})

    def _clear(self) -> None:
        """Empty the table; its rows count as deleted."""
        table = self._plan.target.table
        for _, row in self._workspace.tables.read(table):
            self._counts["delete"] += 1
            self._journal.add("deletes", row)
        self._workspace.tables.clear(table)

    def _forget_changes(self) -> None:
        """Count nothing as written: a test writes nothing."""
        for outcome in ("insert", "update", "upserts", "delete"):
            self._counts[outcome] = 0

    def _write(self) -> None:
        self._contents.write()
        self._save()

    def _save(self) -> None:
        self._journal.store()
        counts = {name: self._counts[name] for name in executions.COUNTS}
        executions.save(self._workspace, self._execution() | {"counts": counts, "errors": list(self._errors)})

    def _is_canceled(self) -> bool:
        """End the execution if somebody asked for that, and say so."""
        execution = self._execution()
        if execution["status"] != "canceling":
            return False
        logs.say(self._workspace, self._id, "warning", "Canceled")
        executions.finish(self._workspace, execution, "canceled")
        return True

    def _execution(self) -> JsonObject:
        return executions.find(self._workspace, self._sync["id"], self._id)


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, CHUNK)):
        yield chunk
