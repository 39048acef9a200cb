"""Batch inserts: many new and valid records at once, if SQLite can do all the work.

``RecordWriter`` writes one record at a time; both write the same rows.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from polytomic_mcp.catalogue.rules.identity_functions import EQUALITY
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.conversion import ConversionError
from polytomic_mcp.sandbox.data.tables.json_columns import JSON
from polytomic_mcp.sandbox.data.tables.row_index import indexed
from polytomic_mcp.sandbox.data.tables.table import Column, Table
from polytomic_mcp.sandbox.data.tables.tables import Tables
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.syncs.movement.plan import Plan
from polytomic_mcp.sandbox.resources.syncs.movement.referred_rows import ReferredRows
from polytomic_mcp.sandbox.resources.syncs.rules.identity_functions import is_absent

_NUL: Final = "\\u0000"
"""The character that ends a text for SQLite, as JSON writes it."""


def can_insert_batches(tables: Tables, plan: Plan) -> bool:
    """Whether one exact text identifies the plan's rows, and no value needs a lookup or a computation."""
    if len(plan.identities) != 1 or not (plan.mode.inserts and plan.mode.matches) or plan.mode.clears:
        return False
    (identity,) = plan.identities
    mapped = [each.column for each in plan.assignments]
    names = {column.name for column in (identity.column, *mapped)}
    return (
        identity.function == EQUALITY
        and identity.column.type == "string"
        and not identity.column.values
        and not identity.column.ignores_case
        and tables.can_find(plan.target.table, identity.column)
        and plan.assigned_key is None
        and names.issuperset(plan.required)
        and identity.column not in mapped
        and (identity.column.refers_to is None or _referred(tables, plan) is not None)
        and all(column.createable and not column.refers_to and column.sql_type != JSON for column in mapped)
        and not any(column.computed for column in plan.target.table.columns)
    )


class BatchInserter:
    """Inserts the new rows of a plan for which ``can_insert_batches`` holds.

    SQLite finds what the rows refer to and builds them. ``now`` is written to columns for time stamps.
    Text columns only contain text here.
    """

    def __init__(self, store: Store, tables: Tables, plan: Plan, now: str) -> None:
        self._store = store
        self._tables = tables
        self._table = plan.target.table
        self._now = now
        (self._identity,) = plan.identities
        self._assignments = plan.assignments
        self._required = [at for at, name in enumerate(self._names()) if at and name in plan.required]
        is_key = self._identity.column.name == self._table.key
        self._referred = _referred(tables, plan) if is_key else None

    def insert(self, records: Sequence[Record]) -> list[int]:
        """Insert the records that are new and valid; return the positions of the others."""
        rows = self._valid_rows(records)
        values = _to_json(rows.values())
        if _NUL in values:
            return [*range(len(records))]
        with self._store.transaction() as connection:
            if excluded := self._excluded(connection, rows):
                rows = {position: row for position, row in rows.items() if position not in excluded}
                values = _to_json(rows.values())
            if rows:
                self._tables.insert_select(self._table, self._body(connection), values)
        return [position for position in range(len(records)) if position not in rows]

    def _valid_rows(self, records: Sequence[Record]) -> dict[int, list[Any]]:
        """Return by position the values, the key first, of records without an error or a duplicate key."""
        read, convert = self._identity.read, self._identity.convert
        keys = [None if is_absent(value) else convert(value) for value in map(read, records)]
        times = Counter(keys)
        found: dict[int, list[Any]] = {}
        for position, key in enumerate(keys):
            if key is not None and times[key] == 1:
                values = self._values(key, records[position])
                if values is not None:
                    found[position] = values
        return found

    def _values(self, key: str, record: Record) -> list[Any] | None:
        values: list[Any] = [key]
        try:
            for each in self._assignments:
                value = each.read(record)
                values.append(None if value is None else each.convert(value))
        except ConversionError:
            return None
        for position in self._required:
            if is_absent(values[position]):
                return None
        return values

    def _names(self) -> list[str]:
        return [each.column.name for each in (self._identity, *self._assignments)]

    def _excluded(self, connection: sqlite3.Connection, rows: dict[int, list[Any]]) -> set[int]:
        """Return the positions of rows that the target already has, or whose key refers to no row."""
        existing = indexed(connection, self._table, self._identity.column)
        select = f"SELECT key FROM json_each(?) AS each WHERE EXISTS (SELECT 1 FROM {existing} = each.value)"  # noqa: S608 - quoted
        if self._referred is not None:
            referred = indexed(connection, *self._referred)
            select += f" OR NOT EXISTS (SELECT 1 FROM {referred} = each.value)"  # noqa: S608 - quoted
        found = connection.execute(
            select,
            (_to_json(row[0] for row in rows.values()),),
        ).fetchall()
        positions = [*rows]
        return {positions[at] for (at,) in found}

    def _body(self, connection: sqlite3.Connection) -> str:
        """Return the SQL that builds a row's body from each list of values."""
        columns = ", ".join(map(self._value, self._table.columns))
        source = "json_each(?) AS each"
        if self._referred is not None:
            referred = indexed(connection, *self._referred)
            newest = f"SELECT max(row_id) FROM {referred} = each.value ->> '$[0]'"  # noqa: S608 - quoted
            source += f" CROSS JOIN rows AS referred ON referred.row_id = ({newest})"
        return f"SELECT json_array({columns}) FROM {source}"  # noqa: S608 - quoted

    def _value(self, column: Column) -> str:
        names = self._names()
        if column.stamped:
            return f"'{self._now}'"
        if column.name in names:
            return f"each.value -> '$[{names.index(column.name)}]'"
        copied = self._referred and column.from_reference and self._referred[0].column(column.from_reference)
        if self._referred and copied:
            return f"referred.body -> '$[{self._referred[0].columns.index(copied)}]'"
        return "NULL"


def _referred(tables: Tables, plan: Plan) -> tuple[Table, Column] | None:
    """Return the table and the column that the identity refers to, or None if either does not exist."""
    table, column = ReferredRows(tables, plan.target.table).referred_column(plan.identities[0].column)
    return None if table is None or column is None else (table, column)


def _to_json(values: Iterable[Any]) -> str:
    text = json.dumps([*values], ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace").decode()  # a lone surrogate cannot be encoded
