"""One record on its way into the target: matched, then inserted, updated, deleted, left or refused."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from polytomic_mcp.sandbox.contents import Contents
from polytomic_mcp.sandbox.conversion import UnfitError, fit_for, to_text
from polytomic_mcp.sandbox.joins import Record
from polytomic_mcp.sandbox.matching import is_absent
from polytomic_mcp.sandbox.plan import Plan
from polytomic_mcp.sandbox.tables import Column, Row
from polytomic_mcp.sandbox.targets import WEBHOOK

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

    ``contacts`` holds the CRM's contacts by id where the target is a flow: a flow takes those only,
    and knows their name and address from there. ``now`` is the time a flow notes for those it takes.
    """

    def __init__(self, plan: Plan, contents: Contents, contacts: Mapping[str, Row], now: str) -> None:
        self._plan = plan
        self._contents = contents
        self._contacts = contacts
        self._now = now

    def move(self, record: Record) -> Moved:
        """Move one record.

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
        row: Row = {"hash": digest, "fields": fields}
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
            None if is_absent(value) else each.fit(value) if each.function == "Equality" else value
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
            if each.is_kept and held is not None:
                continue
            value = each.read(record)
            value = None if value is None else each.fit(value)
            if not _is_equal(each.column, held, value):
                changes[name] = value
        self._require(changes, changes)
        return changes

    def _new_row(self, record: Record, values: list[Any]) -> Row:
        row: Row = {}
        for mapping, value in zip(self._plan.identities, values, strict=True):
            row[mapping.column.name] = None if value is None else mapping.fit(value)
        row |= self._assigned(row)
        for each in self._plan.assignments:
            value = each.read(record)
            row[each.column.name] = None if value is None else each.fit(value)
        self._require(row, self._plan.required)
        return row

    def _assigned(self, row: Row) -> Row:
        """Return what the target fills in by itself."""
        key, target = self._plan.assigned_key, self._plan.target
        if target.kind == "flow":
            return self._from_crm(row)
        if key is None:
            return {}
        if row.get(key.name) is not None:
            raise RecordError(f"{target.id} assigns {key.name} itself and has no record with {row[key.name]}")
        fresh = uuid.uuid4()
        return {key.name: fresh.int >> 75 if key.type == "number" else str(fresh)}

    def _from_crm(self, row: Row) -> Row:
        key = self._plan.identities[0].column.name
        contact = self._contacts.get(to_text(row[key]))
        if contact is None:
            crm = "the CRM that Gong is linked with: no Contact of Salesforce has that Id"
            raise RecordError(f"contact {row[key]} is not known to {crm}")
        known = {column.name for column in self._plan.target.table.columns}
        taken = {**contact, "AddedAt": self._now}
        return {name: value for name, value in taken.items() if name in known and name != key}

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
