"""Writing one record to the target: it is matched, then inserted, updated, deleted, skipped or refused."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from polytomic_mcp.catalogue.rules.identity_functions import EQUALITY
from polytomic_mcp.sandbox.data.systems.record_ids import new_key
from polytomic_mcp.sandbox.data.systems.systems import described
from polytomic_mcp.sandbox.data.tables.conversion import ConversionError, converter_for
from polytomic_mcp.sandbox.data.tables.tables import Column, Row
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.syncs.movement.plan import Assignment, Plan
from polytomic_mcp.sandbox.resources.syncs.movement.referred_rows import ReferredRows
from polytomic_mcp.sandbox.resources.syncs.movement.target_rows import TargetRows
from polytomic_mcp.sandbox.resources.syncs.rules.identity_functions import is_absent
from polytomic_mcp.sandbox.resources.syncs.targets import EXPORT, WEBHOOK

Outcome = Literal["insert", "update", "upserts", "delete", "skipped"]
"""What happened to a record. A record counts once, even if it changed several rows of the target."""


class RecordError(ValueError):
    """A record cannot be written; the text says why."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What happened to one record, and the rows it changed: as they are now, or were before a deletion.

    ``handles`` are those of the rows in ``TargetRows``.
    """

    outcome: Outcome
    rows: Sequence[Row] = ()
    handles: Sequence[int] = ()
    warning: str | None = None


class RecordWriter:
    """Writes records to a target's rows as a plan describes.

    ``referred`` finds what the target's columns refer to. If a key refers to another system's records,
    as a flow's key refers to the CRM's contacts, only those are accepted. ``now`` is written to columns
    for time stamps.
    """

    def __init__(self, plan: Plan, rows: TargetRows, referred: ReferredRows, now: str) -> None:
        self._plan = plan
        self._rows = rows
        self._referred = referred
        self._now = now

    def load(self, records: Sequence[Record]) -> None:
        """Look up at once all rows that these records need. Call it inside the transaction."""
        if self._plan.mode.matches and not self._plan.mode.clears:
            self._rows.load(records)
        mappings = (*self._plan.identities, *self._plan.assignments)
        self._referred.load((each.column, each.values(records)) for each in mappings if each.column.refers_to)

    def write(self, record: Record) -> WriteResult:
        """Write one of the records that were loaded.

        Raises:
            RecordError: If it has no identity or no value for a required field, or the target refuses it.
            ConversionError: If a value does not fit its column.
        """
        if self._plan.target.kind in (WEBHOOK, EXPORT):
            return self._write_whole(record)
        values = self._identity_values(record)
        found = self._matches(values) if self._plan.mode.matches else []
        if self._plan.may_change is not None and found:
            found = [each for each in found if self._plan.may_change(self._rows.row(each), record)]
            if not found:
                return WriteResult("skipped")
        warning = f"matches {len(found)} records of the target" if len(found) > 1 else None
        if self._plan.mode.deletes:
            rows = [*map(self._rows.delete, found)]
            return WriteResult("delete" if found else "skipped", rows, found, warning)
        if found:
            return self._update(record, found, warning) if self._plan.mode.updates else WriteResult("skipped")
        if not self._plan.mode.inserts:
            return WriteResult("skipped")
        row = self._new_row(record, values)
        return WriteResult("insert", [row], [self._rows.insert(row)])

    def _write_whole(self, record: Record) -> WriteResult:
        """Store the record's fields under their own names; a webhook receives them with a hash."""
        fields = {each.name: each.read(record) for each in self._plan.assignments}
        if self._plan.target.kind == EXPORT:
            row: Row = {"record": fields}
            return WriteResult("insert", [row], [self._rows.insert(row)])
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
        row = {"record": {"hash": digest, "fields": fields}}
        return WriteResult("upserts", [row], [self._rows.insert(row)])

    def _identity_values(self, record: Record) -> list[Any]:
        """Return the identity's values, converted if they are compared exactly; None if absent."""
        values = [each.read(record) for each in self._plan.identities]
        absent = [is_absent(value) for value in values]
        if self._plan.mode.matches and (any(absent) if self._plan.needs_all else absent and all(absent)):
            names = ", ".join(each.column.name for each in self._plan.identities)
            raise RecordError(f"the identity {names} has no value")
        return [
            None if is_absent(value) else each.convert(value) if each.function == EQUALITY else value
            for each, value in zip(self._plan.identities, values, strict=True)
        ]

    def _matches(self, values: list[Any]) -> list[int]:
        """Return the handles of the rows that match by the first mapping with a match, or by all mappings."""
        found = [self._rows.find(at, value) for at, value in enumerate(values) if value is not None]
        if self._plan.needs_all and found:
            common = set(found[0]).intersection(*found[1:])
            return [handle for handle in found[0] if handle in common]
        for handles in found:
            if handles:
                return handles
        return []

    def _update(self, record: Record, found: list[int], warning: str | None) -> WriteResult:
        # All rows are computed before the first is changed, so that a record is written whole or not at all.
        rows = {handle: self._rows.row(handle) for handle in found}
        changed = {handle: {**row, **self._changes(record, row)} for handle, row in rows.items()}
        for handle, row in changed.items():
            if row != rows[handle]:
                self._rows.update(handle, row)
        return WriteResult("update", [*changed.values()], found, warning)

    def _changes(self, record: Record, old: Row) -> Row:
        """Return the values that the record changes in a row, with the values computed from them."""
        changes: Row = {}
        for each in self._plan.assignments:
            name = each.column.name
            existing = old.get(name)
            if not each.column.updateable or (each.keeps_existing and existing is not None):
                continue
            value = self._convert(each, record)
            if not _is_equal(each.column, existing, value):
                changes[name] = value
        self._require(changes, changes)
        return changes | self._computed({**old, **changes}, "updated") if changes else changes

    def _new_row(self, record: Record, values: list[Any]) -> Row:
        row: Row = {}
        for mapping, value in zip(self._plan.identities, values, strict=True):
            row[mapping.column.name] = None if value is None else mapping.convert(value)
        row |= self._assigned(row)
        for each in self._plan.assignments:
            if each.column.createable:
                row[each.column.name] = self._convert(each, record)
        self._require(row, self._plan.required)
        return row | self._computed(row, "created", "updated")

    def _convert(self, each: Assignment, record: Record) -> Any:
        """Return the value converted to its column; if the column refers to rows, it must refer to one."""
        value = each.read(record)
        if value is None:
            return None
        converted = each.convert(value)
        if each.column.refers_to is not None:
            self._require_referred(each.column, converted)
        return converted

    def _assigned(self, row: Row) -> Row:
        """Return what the target sets itself: a new key, or copies from the row that its key refers to."""
        table, key = self._plan.target.table, self._plan.assigned_key
        if key is None:
            column = table.column(table.key or "")
            return (
                self._copied(column, row[column.name])
                if column and column.refers_to and row.get(column.name)
                else {}
            )
        if row.get(key.name) is not None:
            raise RecordError(
                f"{self._plan.target.id} assigns {key.name} itself and has no record with {row[key.name]}"
            )
        form = described(table.system).kind(table.kind).assigns_key
        return {key.name: new_key(form, table.name, key)}

    def _copied(self, key: Column, value: Any) -> Row:
        """Return the values that are copied from the row that the key refers to."""
        found = self._require_referred(key, value)
        columns = self._plan.target.table.columns
        return {each.name: found.get(each.from_reference) for each in columns if each.from_reference}

    def _computed(self, row: Row, *stamps: str) -> Row:
        """Return the columns that are computed from the rest of the row, and the time stamps."""
        found: Row = {}
        for each in self._plan.target.table.columns:
            if each.computed:
                found[each.name] = " ".join(str(row[name]) for name in each.computed if row.get(name))
            elif each.stamped in stamps:
                found[each.name] = self._now
        return found

    def _require_referred(self, column: Column, value: Any) -> Row:
        found = self._referred.find(column, value)
        if found is None:
            raise RecordError(self._referred.describe_missing(column, value))
        return found

    def _require(self, row: Row, names: Any) -> None:
        missing = [name for name in names if name in self._plan.required and is_absent(row.get(name))]
        if missing:
            raise RecordError(f"{', '.join(missing)} is required and has no value")


def _is_equal(column: Column, existing: Any, value: Any) -> bool:
    """Whether the values are equal after conversion: sample data may spell a date differently."""
    if existing == value or existing is None or value is None:
        return existing == value
    try:
        return converter_for(column)(existing) == value
    except ConversionError:
        return False
