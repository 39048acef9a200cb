"""The three ways to write a schema's rows to their output: merge them, append them, or replace all rows.

Each writes its rows in chunks, and each chunk in a transaction of the caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.output_index import Copy, OutputIndex
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.outputs import Stamps, staging_table
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Written:
    """The rows that were written, or deleted, as they are or were in the output."""

    inserts: list[Row] = field(default_factory=list[Row])
    updates: list[Row] = field(default_factory=list[Row])
    deletes: list[Row] = field(default_factory=list[Row])

    @property
    def count(self) -> int:
        """The number of rows that changed."""
        return len(self.inserts) + len(self.updates) + len(self.deletes)


class Writer(Protocol):
    """Writes the rows of one schema to its output."""

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows that have the columns of the output."""
        ...

    def end(self, *, is_whole: bool) -> Written | None:
        """Do the next step after the last row, or return None if there is none.

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
        inserts = self._stamps.on_new([keyed[key] for key in fresh])
        ids = self._tables.insert(self._output, inserts) if inserts else ()
        updates = self._changed({found[key].row_id: keyed[key] for key in changed})
        written = zip((*fresh, *changed), (*ids, *updates), strict=True)
        self._copies.put({key: Copy(id_, digests[key]) for key, id_ in written})
        self._copies.mark_seen(keyed, self._run)
        self._copies.mark_current()
        return Written(inserts, [*updates.values()])

    def end(self, *, is_whole: bool) -> Written | None:
        """Delete a chunk of the rows that are gone from the source; None if there are no more."""
        if not is_whole:
            return None
        self._copies.refresh()
        find_gone = self._copies.mark_unseen if self._is_soft else self._copies.remove_unseen
        gone = find_gone(self._run, _CHUNK)
        rows = self._tables.pick(self._output, gone)
        if self._is_soft:
            rows = {id_: self._stamps.on_gone(row) for id_, row in rows.items()}
            self._tables.update(self._output, rows)
        else:
            self._tables.delete(self._output, gone)
        self._copies.mark_current()
        return Written(deletes=[*rows.values()]) if gone else None

    def clean_up(self) -> None:
        """Do nothing: the next run continues from the rows that were merged."""

    def _changed(self, rows: dict[int, Row]) -> dict[int, Row]:
        """Update stored rows, whose other columns are unchanged, and return them."""
        stored = self._tables.pick(self._output, rows)
        changed = {id_: self._stamps.on_changed(stored[id_], row) for id_, row in rows.items()}
        if changed:
            self._tables.update(self._output, changed)
        return changed


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
        inserts = self._stamps.on_new(fresh)
        ids = self._tables.insert(self._output, inserts)
        if self._copies is not None:
            pairs = zip(fresh, ids, strict=True)
            self._copies.put(
                {self._copies.key(row): Copy(id_, self._copies.digest(row)) for row, id_ in pairs}
            )
            self._copies.mark_current()
        return Written(inserts)

    def end(self, *, is_whole: bool) -> Written | None:
        """Do nothing: an append deletes nothing."""
        del is_whole

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

    ``is_rebuilt`` says whether to create the table again as ``planned``, without any other columns.
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

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows to the staging table."""
        inserts = self._stamps.on_new(rows)
        self._tables.insert(self._staged, inserts)
        return Written(inserts)

    def end(self, *, is_whole: bool) -> Written | None:
        """Replace the rows of the output; they were counted when they were written."""
        del is_whole
        if self._planned is not None:
            self._tables.drop(self._output)
            self._tables.create(self._planned)
        self._tables.replace_rows(self._form, self._staged)

    def clean_up(self) -> None:
        """Delete the staging table, unless its rows are in the output."""
        self._tables.discard(self._staged)
