"""The three ways a schema's rows reach their output: merged, appended, or put in place of the old ones.

All take their rows in chunks, and each chunk inside one transaction of the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.output_index import Copy, OutputIndex
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.outputs import Stamps, aside
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Written:
    """The rows that were written, as the output holds them now, or held them last."""

    inserts: list[Row] = field(default_factory=list[Row])
    updates: list[Row] = field(default_factory=list[Row])
    deletes: list[Row] = field(default_factory=list[Row])

    @property
    def count(self) -> int:
        """How many rows changed."""
        return len(self.inserts) + len(self.updates) + len(self.deletes)


class Copying(Protocol):
    """One schema's way into its output."""

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows of the output's form."""
        ...

    def end(self, *, is_whole: bool) -> Written | None:
        """Do a part of what comes after the last row, or return None; ``is_whole``: all rows were read."""
        ...

    def abandon(self) -> None:
        """Leave behind nothing of a run that ends before ``end``."""
        ...


class Merge:
    """Adds and changes rows by their key, those only that differ; deletes what a whole read did not meet."""

    def __init__(
        self, workspace: Workspace, output: Table, names: Sequence[str], key: Sequence[str], run: str
    ) -> None:
        self._tables = workspace.tables
        self._output = output
        self._stamps = Stamps(workspace, output)
        self._copies = OutputIndex(workspace, output, names, key)
        self._run = run

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows; of several with one key the last stays."""
        self._copies.refresh()
        keyed = {self._copies.key(row): row for row in rows}
        digests = {key: self._copies.digest(row) for key, row in keyed.items()}
        found = self._copies.find(keyed)
        fresh = [key for key in keyed if key not in found]
        changed = [key for key in keyed if key in found and found[key].digest != digests[key]]
        inserts = self._stamps.on_new([keyed[key] for key in fresh])
        ids = self._tables.insert(self._output, inserts) if inserts else ()
        updates = self._changed({found[key].row_id: keyed[key] for key in changed})
        places = zip((*fresh, *changed), (*ids, *updates), strict=True)
        self._copies.put({key: Copy(id_, digests[key]) for key, id_ in places})
        self._copies.see(keyed, self._run)
        self._copies.settle()
        return Written(inserts, [*updates.values()])

    def end(self, *, is_whole: bool) -> Written | None:
        """Delete some of what is gone from the source; None when nothing more is."""
        if not is_whole:
            return None
        self._copies.refresh()
        gone = self._copies.unseen(self._run, _CHUNK)
        rows = self._tables.pick(self._output, gone)
        self._tables.delete(self._output, gone)
        self._copies.settle()
        return Written(deletes=[*rows.values()]) if gone else None

    def abandon(self) -> None:
        """Keep what was merged: the next run goes on from there."""

    def _changed(self, rows: dict[int, Row]) -> dict[int, Row]:
        """Write rows over those that are there, whose other columns stay."""
        held = self._tables.pick(self._output, rows)
        changed = {id_: self._stamps.on_changed(held[id_], row) for id_, row in rows.items()}
        if changed:
            self._tables.update(self._output, changed)
        return changed


class Append:
    """Adds rows; where there is a key, only those that differ from the last version of theirs."""

    def __init__(self, workspace: Workspace, output: Table, names: Sequence[str], key: Sequence[str]) -> None:
        self._tables = workspace.tables
        self._output = output
        self._stamps = Stamps(workspace, output)
        self._copies = OutputIndex(workspace, output, names, key) if key else None

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows."""
        fresh = [*rows] if self._copies is None else self._fresh(self._copies, rows)
        made = self._stamps.on_new(fresh)
        ids = self._tables.insert(self._output, made)
        if self._copies is not None:
            pairs = zip(fresh, ids, strict=True)
            self._copies.put(
                {self._copies.key(row): Copy(id_, self._copies.digest(row)) for row, id_ in pairs}
            )
            self._copies.settle()
        return Written(made)

    def end(self, *, is_whole: bool) -> Written | None:
        """Do nothing: an append deletes nothing."""
        del is_whole

    def abandon(self) -> None:
        """Keep what was appended: the next run goes on from there."""

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
    """Gathers all rows aside and puts them in the place of the old ones at the end, at once.

    ``is_rebuilt`` makes the table anew as it was ``planned``, without the columns it had beyond that.
    """

    def __init__(
        self, workspace: Workspace, output: Table, planned: Table, run: str, *, is_rebuilt: bool
    ) -> None:
        self._tables = workspace.tables
        self._output = output
        self._planned = planned if is_rebuilt else None
        self._form = planned if is_rebuilt else output
        self._stamps = Stamps(workspace, self._form)
        self._staged = aside(self._form, run)

    def write(self, rows: Sequence[Row]) -> Written:
        """Write rows aside."""
        made = self._stamps.on_new(rows)
        self._tables.insert(self._staged, made)
        return Written(made)

    def end(self, *, is_whole: bool) -> Written | None:
        """Put the rows in place, and count none of them again."""
        del is_whole
        if self._planned is not None:
            self._tables.drop(self._output)
            self._tables.create(self._planned)
        self._tables.replace_rows(self._form, self._staged)

    def abandon(self) -> None:
        """Remove what was gathered, unless it was put in place."""
        self._tables.discard(self._staged)
