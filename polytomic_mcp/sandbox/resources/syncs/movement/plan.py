"""A sync made ready to run: which values go into which columns, and how a counterpart is found."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.tables.conversion import Fit, UnfitError, fit_for
from polytomic_mcp.sandbox.data.tables.tables import Column, Row
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.syncs.movement.records import Reader, Records, target_test
from polytomic_mcp.sandbox.resources.syncs.rules.matching import is_absent
from polytomic_mcp.sandbox.resources.syncs.rules.modes import MODES, Mode
from polytomic_mcp.sandbox.resources.syncs.targets import Target
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Mapping:
    """One value of a record, and the column of the target that it meets."""

    column: Column
    read: Reader
    fit: Fit

    def values(self, records: Iterable[Record]) -> Iterator[Any]:
        """Yield the records' values in the column's form, those that have one."""
        for record in records:
            value = self.read(record)
            if not is_absent(value):
                with suppress(UnfitError):
                    yield self.fit(value)


@dataclass(frozen=True, slots=True)
class Assignment(Mapping):
    """A value that is written; ``is_kept`` leaves a value that the target has already."""

    is_kept: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class IdentityMapping(Mapping):
    """A value that finds a record's counterpart by ``function``."""

    function: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run has to know about its sync."""

    target: Target
    mode: Mode
    assignments: tuple[Assignment, ...]
    identities: tuple[IdentityMapping, ...]
    needs_all: bool
    required: tuple[str, ...]
    may_touch: Callable[[Row, Record], bool] | None

    @property
    def assigned_key(self) -> Column | None:
        """Return the column that the target fills in by itself, or None."""
        key = self.target.field(self.target.table.key or "")
        return key.column if key is not None and key.is_system else None


def make_plan(workspace: Workspace, sync: JsonObject, target: Target, records: Records) -> Plan:
    """Return the plan of a sync whose references hold."""
    mappings = sync["identities"]["mappings"]
    return Plan(
        target=target,
        mode=MODES[sync["mode"]],
        assignments=tuple(_assignments(sync, target, records)),
        identities=tuple(_identity(mapping, target, records) for mapping in mappings),
        needs_all=sync["identities"]["strategy"] == "and",
        required=tuple(
            each.column.name for each in target.fields if each.column.required and not each.is_system
        ),
        may_touch=target_test(sync, target, records, workspace.clock()),
    )


def _assignments(sync: JsonObject, target: Target, records: Records) -> list[Assignment]:
    found = [_mapped(field, target, records) for field in sync["fields"]]
    return found + [
        _assignment(field, target, _constant(field["override_value"])) for field in sync["override_fields"]
    ]


def _mapped(field: JsonObject, target: Target, records: Records) -> Assignment:
    if field.get("override_value") is not None:
        return _assignment(field, target, _constant(field["override_value"]))
    return _assignment(field, target, records.reader(field["source"]), field["source"]["field"])


def _assignment(field: JsonObject, target: Target, read: Reader, name: str = "") -> Assignment:
    column = target.column(field["target"])
    return Assignment(
        column, read, fit_for(column), field.get("sync_mode") == "create", name or field["target"]
    )


def _identity(mapping: JsonObject, target: Target, records: Records) -> IdentityMapping:
    column = target.column(mapping["target"])
    return IdentityMapping(column, records.reader(mapping["source"]), fit_for(column), mapping["function"])


def _constant(value: object) -> Reader:
    return lambda _record: value
