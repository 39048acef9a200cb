"""A run's plan: which values are written to which columns, and how matching rows are found."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.tables.conversion import ConversionError, Converter, converter_for
from polytomic_mcp.sandbox.data.tables.tables import Column
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.syncs.movement.filters import Reader, TargetFilter, build_target_filter
from polytomic_mcp.sandbox.resources.syncs.movement.records import Records
from polytomic_mcp.sandbox.resources.syncs.rules.identity_functions import is_absent
from polytomic_mcp.sandbox.resources.syncs.rules.modes import MODES, Mode
from polytomic_mcp.sandbox.resources.syncs.targets import Target
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Mapping:
    """A value of a record, and the column of the target that it is compared with or written to."""

    column: Column
    read: Reader
    convert: Converter

    def values(self, records: Iterable[Record]) -> Iterator[Any]:
        """Yield the records' values that fit, converted to the column's type; absent ones are left out."""
        for record in records:
            value = self.read(record)
            if not is_absent(value):
                with suppress(ConversionError):
                    yield self.convert(value)


@dataclass(frozen=True, slots=True)
class Assignment(Mapping):
    """A value that is written. ``keeps_existing`` means that it replaces no value of the target."""

    keeps_existing: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class IdentityMapping(Mapping):
    """A value that finds matching rows by an identity function."""

    function: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run needs to know about its sync.

    ``needs_all`` means that a row matches only if all identities match. ``may_change`` is the target
    filter; None means that every row may be changed.
    """

    target: Target
    mode: Mode
    assignments: tuple[Assignment, ...]
    identities: tuple[IdentityMapping, ...]
    needs_all: bool
    required: tuple[str, ...]
    may_change: TargetFilter | None

    @property
    def assigned_key(self) -> Column | None:
        """The key column if the target assigns it, or None."""
        key = self.target.field(self.target.table.key or "")
        return key.column if key is not None and key.is_system else None


def make_plan(workspace: Workspace, sync: JsonObject, target: Target, records: Records) -> Plan:
    """Return the plan of a sync whose references all exist."""
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
        may_change=build_target_filter(sync, target, records.build_reader, workspace.clock()),
    )


def _assignments(sync: JsonObject, target: Target, records: Records) -> list[Assignment]:
    found = [_mapped(field, target, records) for field in sync["fields"]]
    return found + [
        _assignment(field, target, _constant(field["override_value"])) for field in sync["override_fields"]
    ]


def _mapped(field: JsonObject, target: Target, records: Records) -> Assignment:
    if field.get("override_value") is not None:
        return _assignment(field, target, _constant(field["override_value"]))
    return _assignment(field, target, records.build_reader(field["source"]), field["source"]["field"])


def _assignment(field: JsonObject, target: Target, read: Reader, name: str = "") -> Assignment:
    column = target.column(field["target"])
    return Assignment(
        column, read, converter_for(column), field.get("sync_mode") == "create", name or field["target"]
    )


def _identity(mapping: JsonObject, target: Target, records: Records) -> IdentityMapping:
    column = target.column(mapping["target"])
    return IdentityMapping(
        column, records.build_reader(mapping["source"]), converter_for(column), mapping["function"]
    )


def _constant(value: object) -> Reader:
    return lambda _record: value
