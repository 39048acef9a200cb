"""A sync's run: reads its records, writes them chunk by chunk, and counts what happened to each.

A run reads all records and moves those that are new or changed (``changes.py``); only these count (a guess).
A record that the target already has counts as an update if the mode updates, whether or not its values
differ, so that the counts add up to ``total``. A record that a mode skips (``create`` finds it in the target,
``update`` does not) counts only in ``total``. A record that the target refuses costs no other record.

Each chunk's rows, counts, log lines and digests are written in one transaction, so that the counts match the
rows even if the process is killed. ``replace`` is one transaction as a whole: until it ends, the
target keeps its rows.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.conversion import ConversionError
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs.movement.batch_inserts import BatchInserter, can_insert_batches
from polytomic_mcp.sandbox.resources.syncs.movement.changes import Changes
from polytomic_mcp.sandbox.resources.syncs.movement.plan import make_plan
from polytomic_mcp.sandbox.resources.syncs.movement.progress import Progress
from polytomic_mcp.sandbox.resources.syncs.movement.record_writer import (
    RecordError,
    RecordWriter,
    WriteResult,
)
from polytomic_mcp.sandbox.resources.syncs.movement.records import Records
from polytomic_mcp.sandbox.resources.syncs.movement.referred_rows import ReferredRows
from polytomic_mcp.sandbox.resources.syncs.movement.target_rows import TargetRows
from polytomic_mcp.sandbox.resources.syncs.references import resolve_references
from polytomic_mcp.sandbox.resources.syncs.targets import Target
from polytomic_mcp.sandbox.workspace.workspace import Workspace

CHUNK: Final = 10_000
TEST_RECORDS: Final = 5

_LOG: Final = logging.getLogger(__name__)


def run(workspace: Workspace, sync_id: str, execution_id: str) -> None:
    """Run an execution to its end; any error ends it as ``failed`` with the reason."""
    try:
        _Run(workspace, sync_id, execution_id).perform()
    except RefusalError as refusal:
        workspace.finish(partial(_fail, workspace, execution_id, refusal.message))
    except Exception:  # noqa: BLE001 - the outermost handler of a worker: an error must not leave the execution running
        _LOG.debug("execution %s failed", execution_id, exc_info=True)
        message = "The sandbox failed. This is a bug in the sandbox."
        workspace.finish(partial(_fail, workspace, execution_id, message))


def _fail(workspace: Workspace, execution_id: str, reason: str) -> None:
    with workspace.store.transaction():
        execution = workspace.store.get("execution", execution_id)
        if execution is not None:  # the sync may have been deleted in the meantime
            logs.say(workspace, execution_id, "error", reason)
            executions.finish(workspace, execution, "failed", reason)


_Attempt = tuple[int, Record, WriteResult | str]
"""A record with its number in the run, and what happened to it, or why it was not written."""


class _Run:
    """One execution while it runs."""

    def __init__(self, workspace: Workspace, sync_id: str, execution_id: str) -> None:
        self._workspace = workspace
        self._sync = workspace.find("sync", sync_id)
        self._id = execution_id
        self._request: JsonObject = executions.find(workspace, sync_id, execution_id)["_request"]
        self._is_test = bool(self._request.get("test"))
        self._progress = Progress(workspace, sync_id, execution_id, is_test=self._is_test)
        self._attempts: list[_Attempt] = []

    def perform(self) -> None:
        references = resolve_references(self._workspace, self._sync)
        endpoints = references.require_endpoints(self._workspace)
        records = Records(self._workspace, references)
        self._prepare(endpoints.target, records)
        self._changes = Changes(self._workspace, references, records, self._execution())
        if not self._begin():
            return
        selected = records.select(self._request)
        chunks = _chunks(islice(selected, TEST_RECORDS) if self._is_test else selected)
        connections = endpoints.connections
        for chunk in self._workspace.faults.chunks(self._sync["id"], connections, chunks):
            moving = self._changes.select(chunk)
            if moving and not self._write_chunk(moving):
                return
        self._end()

    def _prepare(self, target: Target, records: Records) -> None:
        tables, now = self._workspace.tables, self._workspace.now()
        self._plan = make_plan(self._workspace, self._sync, target, records)
        matched = self._plan.identities if self._plan.mode.matches else ()
        self._rows = TargetRows(tables, target.table, matched)
        self._writer = RecordWriter(self._plan, self._rows, ReferredRows(tables, target.table), now)
        self._inserter: BatchInserter | None = None
        if can_insert_batches(tables, self._plan) and not self._is_test:
            self._inserter = BatchInserter(self._workspace.store, tables, self._plan, now)

    def _begin(self) -> bool:
        """Store that the execution runs; return whether it may."""
        with self._workspace.store.transaction():
            if self._is_canceled():
                return False
            executions.begin(self._workspace, self._execution())
            logs.say(self._workspace, self._id, "info", f"Started in mode {self._plan.mode.id}")
            return True

    def _write_chunk(self, chunk: Sequence[Record]) -> bool:
        """Write a chunk in one transaction; return whether to continue."""
        with self._workspace.store.transaction():
            if self._is_canceled():
                return False
            first = self._progress.counts["total"] + 1
            self._progress.counts["total"] += len(chunk)
            rest = self._insert_batch(chunk)
            self._writer.load([chunk[position] for position in rest])
            self._attempts += [self._attempt(first + position, chunk[position]) for position in rest]
            if not self._plan.mode.clears:
                failed = self._finish_attempts()
                self._changes.remember(chunk, {number - first for number in failed})
                self._progress.save()
            return True

    def _insert_batch(self, chunk: Sequence[Record]) -> Sequence[int]:
        """Insert together the records that need no lookup and no log line; return the others' positions."""
        if self._inserter is None or not self._progress.only_counts_inserts:
            return range(len(chunk))
        rest = self._inserter.insert(chunk)
        self._progress.add_batch(len(chunk) - len(rest))
        return rest

    def _attempt(self, number: int, record: Record) -> "_Attempt":
        try:
            return number, record, self._writer.write(record)
        except (RecordError, ConversionError) as error:
            return number, record, str(error)

    def _finish_attempts(self) -> list[int]:
        """Write the rows of the records so far and report each; return the numbers of those that failed."""
        refused = {} if self._is_test else self._rows.flush()
        failed: list[int] = []
        for number, record, result in self._attempts:
            self._progress.add_record(record)
            reason = _failure(result, refused)
            if isinstance(result, str) or reason:
                self._progress.add_error(number, record, reason)
                failed.append(number)
            else:
                self._progress.add_result(result, record)
        self._attempts.clear()
        return failed

    def _end(self) -> None:
        with self._workspace.store.transaction():
            if self._is_canceled():
                return
            if self._plan.mode.clears and not self._is_test:
                self._clear()
            self._finish_attempts()
            self._changes.complete()
            self._progress.save()
            logs.say(self._workspace, self._id, "info", self._summary(), dict(self._progress.counts))
            executions.finish(self._workspace, self._execution(), "completed")

    def _summary(self) -> str:
        skipped, unchanged = self._progress.counts["skipped"], self._changes.unchanged
        if self._changes.is_backfill_skipped:
            return f"Completed: the initial backfill of {unchanged} records was skipped"
        return f"Completed: {skipped} skipped, {unchanged} not changed since they were last synced"

    def _clear(self) -> None:
        """Delete all rows of the target."""
        table = self._plan.target.table
        for _, row in self._workspace.tables.read(table):
            self._progress.add_deleted(row)
        self._workspace.tables.clear(table)

    def _is_canceled(self) -> bool:
        """End the execution if its cancellation was requested, and return whether it was."""
        execution = self._execution()
        if execution["status"] != "canceling":
            return False
        logs.say(self._workspace, self._id, "warning", "Canceled")
        executions.finish(self._workspace, execution, "canceled")
        return True

    def _execution(self) -> JsonObject:
        return executions.find(self._workspace, self._sync["id"], self._id)


def _failure(result: WriteResult | str, refused: Mapping[int, str]) -> str:
    """Return why a record was not written, or nothing."""
    if isinstance(result, str):
        return result
    return "; ".join(dict.fromkeys(refused[handle] for handle in result.handles if handle in refused))


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, CHUNK)):
        yield chunk
