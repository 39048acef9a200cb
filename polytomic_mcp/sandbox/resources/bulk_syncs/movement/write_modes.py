"""The three ways to write a schema's rows to their output: merge them, append them, or replace all rows.

Each writes its rows in chunks, and each chunk in a transaction of the caller.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

from polytomic_mcp.sandbox.data.tables import accepted_rows
from polytomic_mcp.sandbox.data.tables.backend import server_type
from polytomic_mcp.sandbox.data.tables.conversion import ConversionError
from polytomic_mcp.sandbox.data.tables.tables import Row, Table, Tables
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.output_index import Copy, OutputIndex
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.outputs import Stamps, fitting_for, staging_table
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_CHUNK: Final = 2_000


Refused = tuple[Row, str]
"""A row that a server refuses, or refuses to delete, and why."""


@dataclass(frozen=True, slots=True)
class Written:
    """The rows that were written, or deleted, as they are or were in the output, and the refused ones."""

    inserts: list[Row] = field(default_factory=list[Row])
    updates: list[Row] = field(default_factory=list[Row])
    deletes: list[Row] = field(default_factory=list[Row])
    refused: list[Refused] = field(default_factory=list[Refused])

    @property
    def count(self) -> int:
        """The number of rows that changed."""
        return len(self.inserts) + len(self.updates) + len(self.deletes)


class Writer(Protocol):
    """Writes the rows of one schema to its output."""

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows that have the columns of the output."""
        ...

    def end(self, *, is_whole: bool) -> Iterator[Written]:
        """Do the next step after the last row and yield what it wrote; yield nothing if there is none.

        ``is_whole`` says whether all rows of the source were read and written.
        """
        ...

    def clean_up(self) -> None:
        """Delete what a run that did not reach ``end`` would leave behind."""
        ...


class Merge:
    """Inserts and updates rows by their key, if they differ; deletes those that a whole read did not find.

    A row is deleted softly, by the time in its column for that, if ``is_soft``; it is kept and comes back as
    an update. Otherwise it is removed, also if it was deleted softly before.
    """

    def __init__(
        self,
        workspace: Workspace,
        output: Table,
        names: Sequence[str],
        key: Sequence[str],
        run: str,
        *,
        is_soft: bool,
    ) -> None:
        self._tables = workspace.tables
        self._output = output
        self._stamps = Stamps(workspace, output)
        self._copies = OutputIndex(workspace, output, names, key)
        self._run = run
        self._is_soft = is_soft

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows; of several with the same key, the last one."""
        self._copies.refresh()
        keyed = {self._copies.key(row): row for row in rows}
        digests = {key: self._copies.digest(row) for key, row in keyed.items()}
        found = self._copies.find(keyed)
        fresh = [key for key in keyed if key not in found]
        changed = [key for key in keyed if key in found and found[key].digest != digests[key]]
        ids, written = _inserted(
            self._tables, self._output, self._stamps.on_new([keyed[key] for key in fresh])
        )
        updates = self._changed({found[key].row_id: keyed[key] for key in changed}, written)
        row_ids = {fresh[at]: id_ for at, id_ in ids.items()}
        row_ids |= {key: found[key].row_id for key in changed if found[key].row_id in updates}
        self._copies.put({key: Copy(id_, digests[key]) for key, id_ in row_ids.items()})
        self._copies.mark_seen(keyed, self._run)
        self._copies.mark_current()
        return written

    def end(self, *, is_whole: bool) -> Iterator[Written]:
        """Delete a chunk of the rows that are gone from the source; yield nothing if there are no more."""
        if not is_whole:
            return
        self._copies.refresh()
        find_gone = self._copies.mark_unseen if self._is_soft else self._copies.remove_unseen
        gone = find_gone(self._run, _CHUNK)
        stored = rows = self._tables.pick(self._output, gone)
        if self._is_soft:
            rows = {id_: self._stamps.on_gone(row) for id_, row in rows.items()}
            reasons = accepted_rows.update(self._tables, self._output, rows)
        else:
            reasons = accepted_rows.delete(self._tables, self._output, gone)
        self._keep({id_: stored[id_] for id_ in reasons})
        self._copies.mark_current()
        if gone:
            deleted = [row for id_, row in rows.items() if id_ not in reasons]
            yield Written(deletes=deleted, refused=[(stored[id_], why) for id_, why in reasons.items()])

    def clean_up(self) -> None:
        """Do nothing: the next run continues from the rows that were merged."""

    def _changed(self, rows: dict[int, Row], written: Written) -> dict[int, Row]:
        """Update stored rows, whose other columns are unchanged; add them to ``written`` and return them."""
        stored = self._tables.pick(self._output, rows)
        changed = {id_: self._stamps.on_changed(stored[id_], row) for id_, row in rows.items()}
        reasons = accepted_rows.update(self._tables, self._output, changed)
        written.refused.extend((changed.pop(id_), reason) for id_, reason in reasons.items())
        written.updates.extend(changed.values())
        return changed

    def _keep(self, rows: Mapping[int, Row]) -> None:
        """Keep the entries of rows that the server refuses to delete, so that the next run tries again."""
        kept = {self._copies.key(row): Copy(id_, self._copies.digest(row)) for id_, row in rows.items()}
        self._copies.put(kept)
        self._copies.mark_seen(kept, self._run)


class Append:
    """Inserts rows; if there is a key, only those that differ from their last version."""

    def __init__(self, workspace: Workspace, output: Table, names: Sequence[str], key: Sequence[str]) -> None:
        self._tables = workspace.tables
        self._output = output
        self._stamps = Stamps(workspace, output)
        self._copies = OutputIndex(workspace, output, names, key) if key else None

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows."""
        fresh = [*rows] if self._copies is None else self._fresh(self._copies, rows)
        ids, written = _inserted(self._tables, self._output, self._stamps.on_new(fresh))
        if self._copies is not None:
            pairs = [(fresh[at], id_) for at, id_ in ids.items()]
            self._copies.put(
                {self._copies.key(row): Copy(id_, self._copies.digest(row)) for row, id_ in pairs}
            )
            self._copies.mark_current()
        return written

    def end(self, *, is_whole: bool) -> Iterator[Written]:
        """Do nothing: an append deletes nothing."""
        del is_whole
        return iter(())

    def clean_up(self) -> None:
        """Do nothing: the next run continues from the rows that were appended."""

    @staticmethod
    def _fresh(copies: OutputIndex, rows: Sequence[Row]) -> list[Row]:
        copies.refresh()
        latest = {key: copy.digest for key, copy in copies.find([copies.key(row) for row in rows]).items()}
        fresh: list[Row] = []
        for row in rows:
            key, digest = copies.key(row), copies.digest(row)
            if latest.get(key) != digest:
                latest[key] = digest
                fresh.append(row)
        return fresh


class Replace:
    """Collects all rows in a staging table, and replaces the rows of the output with them at the end.

    ``is_rebuilt`` says whether to create the table again as ``planned``, without any other columns. A real
    server may refuse rows at the end, so those are counted when they are in its table.
    """

    def __init__(
        self, workspace: Workspace, output: Table, planned: Table, run: str, *, is_rebuilt: bool
    ) -> None:
        self._tables = workspace.tables
        self._output = output
        self._planned = planned if is_rebuilt else None
        self._form = planned if is_rebuilt else output
        self._stamps = Stamps(workspace, self._form)
        self._staged = staging_table(self._form, run)
        self._is_on_server = server_type(output.system) is not None
        self._is_over = False

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows to the staging table."""
        inserts = self._stamps.on_new(rows)
        self._tables.insert(self._staged, inserts)
        return Written() if self._is_on_server else Written(inserts)

    def end(self, *, is_whole: bool) -> Iterator[Written]:
        """Replace the rows of the output; in the store, they were counted when they were written."""
        del is_whole
        if self._is_over:
            return
        self._is_over = True
        if self._planned is not None:
            self._tables.drop(self._output)
            self._tables.create(self._planned)
        if self._is_on_server:
            yield from self._deliver()
        else:
            self._tables.replace_rows(self._form, self._staged)

    def clean_up(self) -> None:
        """Delete the staging table, unless its rows are in the output."""
        self._tables.discard(self._staged)

    def _deliver(self) -> Iterator[Written]:
        """Insert the staged rows into the server's table, as far as its columns hold their values."""
        table = self._tables.get(self._form.system, self._form.name) or self._form
        self._tables.clear(table)
        fit = fitting_for(table)
        rows = self._tables.staged_rows(self._staged)
        while chunk := list(islice(rows, _CHUNK)):
            refused: list[Refused] = []
            fitted: list[Row] = []
            for row in chunk:
                try:
                    fitted.append(fit(row))
                except ConversionError as error:
                    refused.append((row, str(error)))
            _, written = _inserted(self._tables, table, fitted)
            written.refused.extend(refused)
            yield written


def _inserted(tables: Tables, table: Table, rows: Sequence[Row]) -> tuple[dict[int, int], Written]:
    """Insert rows; return the row ids of those that were not refused, by position, and what was written."""
    ids, reasons = accepted_rows.insert(tables, table, dict(enumerate(rows)))
    refused = [(rows[at], reason) for at, reason in reasons.items()]
    return ids, Written([rows[at] for at in ids], refused=refused)
