"""Runs an execution of a bulk sync: copies its schemas one after the other, in chunks, and counts the rows.

The rows, counts and log lines of a chunk are written in one transaction. A schema that cannot be copied does
not stop the others; the execution then ends with ``errors``, or with ``failed`` if no schema was copied. The
watermark of a schema is stored only if all of its rows were written, so that the next run reads again what a
canceled run missed, or one that rejected rows. A run that rejected rows deletes none from the output, since
a row that seems to be gone may be one of those.
"""

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.conversion import ConversionError
from polytomic_mcp.sandbox.data.tables.tables import Row
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.schema_plan import SchemaPlan, plan_schema
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.write_modes import Written
from polytomic_mcp.sandbox.resources.runs import logs, watermarks
from polytomic_mcp.sandbox.workspace.workspace import Workspace

CHUNK: Final = 2_000

_MOST_SHOWN: Final = 3
_LOG: Final = logging.getLogger(__name__)


class _CanceledError(Exception):
    """The execution was canceled, or deleted with its sync."""


class _SchemaCanceledError(Exception):
    """The current schema was canceled; the others are still copied."""


def run(workspace: Workspace, sync_id: str, execution_id: str) -> None:
    """Run an execution to its end; any error ends it as ``failed``, with the reason."""
    try:
        _Run(workspace, sync_id, execution_id).perform()
    except _CanceledError:
        workspace.finish(partial(_finish, workspace, execution_id, "canceled", "Canceled"))
    except RefusalError as refusal:
        workspace.finish(partial(_finish, workspace, execution_id, "failed", refusal.message))
    except Exception:  # noqa: BLE001 - the outermost handler of a worker: an error must end the execution
        _LOG.debug("bulk execution %s failed", execution_id, exc_info=True)
        message = "The sandbox failed. This is a bug in the sandbox."
        workspace.finish(partial(_finish, workspace, execution_id, "failed", message))


def _finish(workspace: Workspace, execution_id: str, status: str, message: str) -> None:
    with workspace.store.transaction():
        execution = workspace.store.get(bulk_executions.KIND, execution_id)
        if execution is not None:  # the sync may have been deleted in the meantime
            logs.say(workspace, execution_id, "warning" if status == "canceled" else "error", message)
            bulk_executions.finish(workspace, execution, status, message)


class _Run:
    """The run of one execution."""

    def __init__(self, workspace: Workspace, sync_id: str, execution_id: str) -> None:
        self.workspace = workspace
        self.sync = workspace.find("bulk_sync", sync_id)
        self.id = execution_id
        self.journal = logs.Journal(workspace, execution_id)

    def perform(self) -> None:
        with self.workspace.store.transaction():
            execution = self.current()
            bulk_executions.begin(self.workspace, execution)
            logs.say(self.workspace, self.id, "info", f"Started in mode {self.sync['mode']}")
        for entry in execution["schemas"]:
            self._copy(entry["schema"])
        self._end()

    def current(self) -> JsonObject:
        """Return the execution as it is stored now; raise if it has to stop."""
        execution = self.workspace.store.get(bulk_executions.KIND, self.id)
        if execution is None or execution["status"] == "canceling":
            raise _CanceledError
        return execution

    def end_schema(self, schema_id: str, status: str, message: str | None) -> None:
        """Store and log how a schema ended."""
        ended = {"status": status, "status_message": message, "completed_at": self.workspace.now()}
        bulk_executions.change(self.workspace, self.current(), schema_id, **ended)
        level = "info" if status == "completed" else "warning" if status == "canceled" else "error"
        text = f"{schema_id}: {status}" + (f": {message}" if message else "")
        logs.say(self.workspace, self.id, level, text, {"schema": schema_id})

    def _copy(self, schema_id: str) -> None:
        """Copy one schema; if it fails or is canceled, the others are still copied."""
        try:
            _SchemaRun(self, schema_id).perform()
        except _SchemaCanceledError:
            self._end_schema(schema_id, "canceled", "Canceled")
        except RefusalError as refusal:
            self._end_schema(schema_id, "failed", refusal.message)

    def _end_schema(self, schema_id: str, status: str, message: str) -> None:
        with self.workspace.store.transaction():
            self.end_schema(schema_id, status, message)

    def _end(self) -> None:
        with self.workspace.store.transaction():
            execution = self.current()
            status, message = _outcome(execution["schemas"])
            counts = {name: execution[name] for name in bulk_executions.COUNTS}
            logs.say(self.workspace, self.id, "info", f"Ended: {status}", counts)
            bulk_executions.finish(self.workspace, execution, status, message)


class _SchemaRun:
    """The copying of one schema in a run."""

    def __init__(self, run: _Run, schema_id: str) -> None:
        self._run = run
        self._workspace = run.workspace
        self._schema = bulk_schemas.find(run.workspace, run.sync, schema_id)
        self._id = schema_id
        self._count = 0
        self._errors: list[str] = []
        self._error_count = 0

    def perform(self) -> None:
        with self._workspace.store.transaction():
            execution = self._current()
            plan = plan_schema(self._workspace, self._run.sync, self._schema, execution)
            begun = {"status": "running", "started_at": self._workspace.now()}
            bulk_executions.change(self._workspace, execution, self._id, **begun)
        try:
            mark = self._move(plan)
            self._end(plan, mark)
        finally:
            if plan.writer is not None:
                plan.writer.clean_up()

    def _current(self) -> JsonObject:
        execution = self._run.current()
        if self._id in execution["_canceling"]:
            raise _SchemaCanceledError
        return execution

    def _move(self, plan: SchemaPlan) -> object:
        """Copy all rows and return the new watermark."""
        mark = plan.mark
        rows = _chunks(plan.rows(self._workspace))
        sides = ("source_connection_id", "destination_connection_id")
        ends = [self._workspace.find("connection", self._run.sync[side]) for side in sides]
        for chunk in self._workspace.faults.chunks(self._run.sync["id"], ends, rows):
            with self._workspace.store.transaction():
                self._current()
                shaped = [each for row in chunk if (each := self._shape(plan, row)) is not None]
                if plan.writer is None:
                    self._count += len(shaped)
                else:
                    self._record(plan.writer.write(shaped))
                self._save()
            for row in chunk:
                mark = plan.selection.later_mark(mark, row)
        return mark

    def _end(self, plan: SchemaPlan, mark: object) -> None:
        is_whole = plan.mark is None and not self._error_count
        is_over = False
        while not is_over:
            with self._workspace.store.transaction():
                self._current()
                steps: Iterable[Written] = () if plan.writer is None else plan.writer.end(is_whole=is_whole)
                is_over = True
                for written in steps:
                    is_over = False
                    self._record(written)
                if not is_over:
                    self._save()
                    continue
                if plan.writer is not None and not self._error_count:
                    watermarks.put(self._workspace, self._run.sync["id"], self._id, plan.state, mark)
                self._run.end_schema(self._id, "completed", self._error_summary())

    def _shape(self, plan: SchemaPlan, row: Row) -> Row | None:
        try:
            return plan.shape(row)
        except ConversionError as error:
            self._refuse(row, str(error))
            return None

    def _refuse(self, row: Row, reason: str) -> None:
        self._error_count += 1
        self._run.journal.add("errors", {"schema": self._id, "row": row, "error": reason})
        if len(self._errors) < _MOST_SHOWN:
            self._errors.append(reason)

    def _record(self, written: Written) -> None:
        self._count += written.count
        changes = {"inserts": written.inserts, "updates": written.updates, "deletes": written.deletes}
        for type_, rows in changes.items():
            for row in rows:
                self._run.journal.add(type_, {"schema": self._id, "row": row})
        for row, reason in written.refused:
            self._refuse(row, reason)

    def _save(self) -> None:
        self._run.journal.store()
        counts = {"record_count": self._count, "error_count": self._error_count}
        bulk_executions.change(self._workspace, self._run.current(), self._id, **counts)

    def _error_summary(self) -> str | None:
        if not self._error_count:
            return None
        records = "record" if self._error_count == 1 else "records"
        return f"{self._error_count} {records} could not be copied: {'; '.join(self._errors)}"


def _outcome(schemas: list[JsonObject]) -> tuple[str, str | None]:
    """Return the status in which an execution ends, and the messages of its first schemas with errors."""
    failed = [each for each in schemas if each["status"] == "failed"]
    incomplete = [each for each in schemas if each["error_count"] and each not in failed]
    messages = [f"{each['schema']}: {each['status_message']}" for each in (*failed, *incomplete)]
    message = "; ".join(messages[:_MOST_SHOWN]) or None
    if failed and len(failed) == len(schemas):
        return "failed", message
    return ("errors" if failed or incomplete else "completed"), message


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
