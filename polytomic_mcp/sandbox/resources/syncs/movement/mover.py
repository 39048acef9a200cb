"""One record on its way into the target: matched, then inserted, updated, deleted, left or refused."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from polytomic_mcp.sandbox.data.tables.conversion import UnfitError, fit_for
from polytomic_mcp.sandbox.data.tables.tables import Column, Row
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.syncs.movement.plan import Assignment, Plan
from polytomic_mcp.sandbox.resources.syncs.movement.references import References
from polytomic_mcp.sandbox.resources.syncs.movement.target_rows import TargetRows
from polytomic_mcp.sandbox.resources.syncs.rules.matching import EQUALITY, is_absent
from polytomic_mcp.sandbox.resources.syncs.targets import WEBHOOK

Outcome = Literal["insert", "update", "upserts", "delete", "skipped"]
"""What became of a record; a record counts once, even where it changed several of the target's rows."""


class RecordError(ValueError):
    """The record cannot be moved; the text says why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one record, and the target's rows it changed, as they are now or were last."""

    outcome: Outcome
    rows: list[Row] = field(default_factory=list[Row])
    warning: str | None = None


class Mover:
    """Moves records into a target's contents as the plan says.

    ``references`` finds what the target's columns refer to: where a key refers to another system's
    records, as a flow's does to the CRM's contacts, those only are taken. ``now`` is what is stamped.
    """

    def __init__(self, plan: Plan, contents: TargetRows, references: References, now: str) -> None:
        self._plan = plan
        self._contents = contents
        self._references = references
        self._now = now

    def load(self, records: Sequence[Record]) -> None:
        """Look up at once what to move these records will take; call it inside the transaction."""
        if self._plan.mode.matches and not self._plan.mode.clears:
            self._contents.load(records)
        mappings = (*self._plan.identities, *self._plan.assignments)
        self._references.load(
            (each.column, each.values(records)) for each in mappings if each.column.refers_to
        )

    def move(self, record: Record) -> Moved:
        """Move one of the records that were loaded.

        Raises:
            RecordError: It names no identity, lacks a required value, or the target refuses it.
            UnfitError: A value does not fit its column.
        """
        if self._plan.target.kind == WEBHOOK:
            return self._post(record)
        values = self._identity_values(record)
        found = self._counterparts(values) if self._plan.mode.matches else []
        if self._plan.may_touch is not None and found:
            found = [each for each in found if self._plan.may_touch(self._contents.row(each), record)]
            if not found:
                return Moved("skipped")
        warning = f"matches {len(found)} records of the target" if len(found) > 1 else None
        if self._plan.mode.deletes:
            return Moved("delete" if found else "skipped", [*map(self._contents.delete, found)], warning)
        if found:
            return self._update(record, found, warning) if self._plan.mode.updates else Moved("skipped")
        if not self._plan.mode.inserts:
            return Moved("skipped")
        row = self._new_row(record, values)
        self._contents.insert(row)
        return Moved("insert", [row])

    def _post(self, record: Record) -> Moved:
        """Keep what a webhook would be sent: the record's fields under their own names, with a hash."""
        fields = {each.name: each.read(record) for each in self._plan.assignments}
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
        row: Row = {"record": {"hash": digest, "fields": fields}}
        self._contents.insert(row)
        return Moved("upserts", [row])

    def _identity_values(self, record: Record) -> list[Any]:
        """Return the identity's values, fitted where they are compared exactly; None where absent."""
        values = [each.read(record) for each in self._plan.identities]
        absent = [is_absent(value) for value in values]
        if self._plan.mode.matches and (any(absent) if self._plan.needs_all else absent and all(absent)):
            names = ", ".join(each.column.name for each in self._plan.identities)
            raise RecordError(f"the identity {names} has no value")
        return [
            None if is_absent(value) else each.fit(value) if each.function == EQUALITY else value
            for each, value in zip(self._plan.identities, values, strict=True)
        ]

    def _counterparts(self, values: list[Any]) -> list[int]:
        """Return the handles of the rows that match: by the first mapping that finds one, or by all."""
        named = [(position, value) for position, value in enumerate(values) if value is not None]
        found = [self._contents.find(position, value) for position, value in named]
        if self._plan.needs_all and found:
            common = set(found[0]).intersection(*found[1:])
            return [handle for handle in found[0] if handle in common]
        for handles in found:
            if handles:
                return handles
        return []

    def _update(self, record: Record, found: list[int], warning: str | None) -> Moved:
        # All rows are worked out before the first is changed: a record moves whole or not at all.
        rows = {handle: self._contents.row(handle) for handle in found}
        changed = {handle: {**row, **self._changes(record, row)} for handle, row in rows.items()}
        for handle, row in changed.items():
            if row != rows[handle]:
                self._contents.update(handle, row)
        return Moved("update", [*changed.values()], warning)

    def _changes(self, record: Record, old: Row) -> Row:
        changes: Row = {}
        for each in self._plan.assignments:
            name = each.column.name
            held = old.get(name)
            if not each.column.updateable or (each.is_kept and held is not None):
                continue
            value = self._fitted(each, record)
            if not _is_equal(each.column, held, value):
                changes[name] = value
        self._require(changes, changes)
        return changes | self._filled_in({**old, **changes}, "updated") if changes else changes

    def _new_row(self, record: Record, values: list[Any]) -> Row:
        row: Row = {}
        for mapping, value in zip(self._plan.identities, values, strict=True):
            row[mapping.column.name] = None if value is None else mapping.fit(value)
        row |= self._assigned(row)
        for each in self._plan.assignments:
            if each.column.createable:
                row[each.column.name] = self._fitted(each, record)
        self._require(row, self._plan.required)
        return row | self._filled_in(row, "created", "updated")

    def _fitted(self, each: Assignment, record: Record) -> Any:
        """Return the value as its column holds it; it must refer to a row where the column refers to some."""
        value = each.read(record)
        if value is None:
            return None
        fitted = each.fit(value)
        if each.column.refers_to is not None:
            self._referred(each.column, fitted)
        return fitted

    def _assigned(self, row: Row) -> Row:
        """Return what the target fills in by itself, before anything is mapped."""
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
        fresh = uuid.uuid4()
        return {key.name: fresh.int >> 75 if key.type == "number" else str(fresh)}

    def _copied(self, key: Column, value: Any) -> Row:
        """Return what is copied from the row that the key refers to."""
        found = self._referred(key, value)
        columns = self._plan.target.table.columns
        return {each.name: found.get(each.from_reference) for each in columns if each.from_reference}

    def _filled_in(self, row: Row, *stamps: str) -> Row:
        """Return the columns that follow from the rest of the row, and from the time."""
        found: Row = {}
        for each in self._plan.target.table.columns:
            if each.computed:
                found[each.name] = " ".join(str(row[name]) for name in each.computed if row.get(name))
            elif each.stamped in stamps:
                found[each.name] = self._now
        return found

    def _referred(self, column: Column, value: Any) -> Row:
        found = self._references.find(column, value)
        if found is None:
            raise RecordError(self._references.objection(column, value))
        return found

    def _require(self, row: Row, names: Any) -> None:
        missing = [name for name in names if name in self._plan.required and is_absent(row.get(name))]
        if missing:
            raise RecordError(f"{', '.join(missing)} is required and has no value")


def _is_equal(column: Column, held: Any, value: Any) -> bool:
    """Compare as the column would hold them: a seeded row may spell a date in another way."""
    if held == value or held is None or value is None:
        return held == value
    try:
        return fit_for(column)(held) == value
    except UnfitError:
        return False
