"""The table a schema's rows land in: made, widened, and what brings a row to its form."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from polytomic_mcp.sandbox.data.tables.conversion import UnfitError, fit_for
from polytomic_mcp.sandbox.data.tables.tables import STAGING, Column, Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.selection import Output
from polytomic_mcp.sandbox.workspace.workspace import Workspace

CREATED: Final = Column("_polytomic_created_at", "datetime", "TIMESTAMP WITH TIME ZONE")
UPDATED: Final = Column("_polytomic_updated_at", "datetime", "TIMESTAMP WITH TIME ZONE")
"""When a row came and when it changed; the names are a guess."""

STAMPS: Final = (CREATED, UPDATED)


Shape = Callable[[Row], Row]
"""Brings a source's row to the form of its output; raises ``UnfitError``."""


class Stamps:
    """Notes on rows when they came and when they changed, where their table has the columns for it."""

    def __init__(self, workspace: Workspace, table: Table) -> None:
        self._workspace = workspace
        self._names = [stamp.name for stamp in STAMPS if table.column(stamp.name) is not None]

    def on_new(self, rows: Iterable[Row]) -> list[Row]:
        """Return rows as they come."""
        stamps = dict.fromkeys(self._names, self._workspace.now())
        return [row | stamps for row in rows]

    def on_changed(self, held: Row, row: Row) -> Row:
        """Return a row that takes the place of another; it keeps the time the other came."""
        now = self._workspace.now()
        return {**held, **row, **{name: now for name in self._names if name != CREATED.name}}


def planned(
    system: str, name: str, outputs: Sequence[Output], key: Sequence[str], *, has_timestamps: bool
) -> Table:
    """Return the table as a run would make it; nothing is made yet."""
    stamps = STAMPS if has_timestamps else ()
    columns = (*(each.column for each in outputs), *stamps)
    return Table(system, name, name, "table", columns, key[0] if len(key) == 1 else None)


def ensure(workspace: Workspace, wanted: Table) -> Table:
    """Return the table that is there, wider where it lacks a column, or make it."""
    held = workspace.tables.get(wanted.system, wanted.name)
    if held is None:
        workspace.tables.create(wanted)
        return workspace.tables.get(wanted.system, wanted.name) or wanted
    missing = [column for column in wanted.columns if held.column(column.name) is None]
    return workspace.tables.add_columns(held, missing) if missing else held


def aside(table: Table, run: str) -> Table:
    """Return the table in which a run gathers rows: it has a place, and no name that a query could find."""
    return replace(table, source=f"{STAGING}{run}/{table.id}")


def shape_for(table: Table, outputs: Sequence[Output], key: Sequence[str] = ()) -> Shape:
    """Return what brings rows to the table's own columns, whose types may differ from the source's.

    A row without a value in one of the ``key`` columns is unfit.
    """
    columns = [table.column(each.column.name) or each.column for each in outputs]
    parts = [(each, column.name, fit_for(column)) for each, column in zip(outputs, columns, strict=True)]

    def shape(row: Row) -> Row:
        values = ((name, each.value(row), fit) for each, name, fit in parts)
        made = {name: None if value is None else fit(value) for name, value, fit in values}
        for name in key:
            if made[name] is None:
                raise UnfitError(f"the key {name} has no value")
        return made

    return shape
