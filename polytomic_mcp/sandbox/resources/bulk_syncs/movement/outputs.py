"""The table of an output: how it is created or widened, and how a source's rows are converted to it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from polytomic_mcp.sandbox.data.tables.conversion import ConversionError, converter_for
from polytomic_mcp.sandbox.data.tables.tables import STAGING, Column, Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.selection import Output
from polytomic_mcp.sandbox.workspace.workspace import Workspace

CREATED: Final = Column("_polytomic_created_at", "datetime", "TIMESTAMP WITH TIME ZONE")
UPDATED: Final = Column("_polytomic_updated_at", "datetime", "TIMESTAMP WITH TIME ZONE")
"""When a row was inserted, and when it was last updated; the names are guesses."""

DELETED: Final = Column("_polytomic_deleted_at", "datetime", "TIMESTAMP WITH TIME ZONE")
"""When a row was found to be gone from the source; documented with the common advanced settings."""

STAMPS: Final = (CREATED, UPDATED, DELETED)


Shape = Callable[[Row], Row]
"""Converts a row of the source to the columns of the output, or raises ``ConversionError``."""


class Stamps:
    """Adds timestamps to rows, if their table has the columns for them."""

    def __init__(self, workspace: Workspace, table: Table) -> None:
        self._workspace = workspace
        self._names = [stamp.name for stamp in STAMPS if table.column(stamp.name) is not None]

    def on_new(self, rows: Iterable[Row]) -> list[Row]:
        """Return rows to insert."""
        stamps = self._stamps(STAMPS, None)
        return [row | stamps for row in rows]

    def on_changed(self, stored: Row, row: Row) -> Row:
        """Return a row that updates a stored one, with the stored time of insertion."""
        return {**stored, **row, **self._stamps((UPDATED, DELETED), None)}

    def on_gone(self, stored: Row) -> Row:
        """Return a stored row that is marked as deleted, which is a change of the row (a guess)."""
        return {**stored, **self._stamps((UPDATED, DELETED), self._workspace.now())}

    def _stamps(self, columns: Iterable[Column], deleted_at: str | None) -> Row:
        now = self._workspace.now()
        names = [column.name for column in columns if column.name in self._names]
        return {name: deleted_at if name == DELETED.name else now for name in names}


def plan_output(
    system: str, name: str, outputs: Sequence[Output], key: Sequence[str], stamps: Sequence[Column]
) -> Table:
    """Return the table that a run would create, without creating it."""
    columns = (*(each.column for each in outputs), *stamps)
    return Table(system, name, name, "table", columns).with_key(key)


def ensure(workspace: Workspace, planned: Table) -> Table:
    """Create the planned table, or add the columns that it lacks if it exists, and return it."""
    existing = workspace.tables.get(planned.system, planned.name)
    if existing is None:
        workspace.tables.create(planned)
        return workspace.tables.get(planned.system, planned.name) or planned
    found = own_columns(existing, [column.name for column in planned.columns])
    missing = [column for column in planned.columns if column.name not in found]
    return workspace.tables.add_columns(existing, missing) if missing else existing


def own_columns(table: Table, names: Sequence[str]) -> dict[str, Column]:
    """Return by name the table's column with that name, or else one in another case that no other name has.

    A name for which the table has no column is left out.
    """
    exact = {column.name: column for column in table.columns}
    found = {name: exact[name] for name in names if name in exact}
    free = {name.casefold(): column for name, column in exact.items() if name not in found}
    for name in names:
        if name not in found and name.casefold() in free:
            found[name] = free.pop(name.casefold())
    return found


def staging_table(table: Table, run: str) -> Table:
    """Return the table in which a run collects rows; queries cannot find it by a name."""
    return replace(table, source=f"{STAGING}{run}/{table.id}")


def fitting_for(table: Table) -> Shape:
    """Return the conversion of rows with columns of a table to what the table holds, as it is now."""
    converters = {column.name: converter_for(column) for column in table.columns}

    def fit(row: Row) -> Row:
        return {
            name: None if value is None else converters[name](value)
            for name, value in row.items()
            if name in converters
        }

    return fit


def shape_for(table: Table, outputs: Sequence[Output], key: Sequence[str] = ()) -> Shape:
    """Return the conversion of rows to the columns of the table, whose types may differ from the source's.

    It raises ``ConversionError`` for a row without a value in one of the ``key`` columns.
    """
    own = own_columns(table, [each.column.name for each in outputs])
    columns = [own.get(each.column.name, each.column) for each in outputs]
    parts = [
        (each, column.name, converter_for(column)) for each, column in zip(outputs, columns, strict=True)
    ]

    def shape(row: Row) -> Row:
        values = ((name, each.value(row), convert) for each, name, convert in parts)
        shaped = {name: None if value is None else convert(value) for name, value, convert in values}
        for name in key:
            if shaped[name] is None:
                raise ConversionError(f"the key {name} has no value")
        return shaped

    return shape
