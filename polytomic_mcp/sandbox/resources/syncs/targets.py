"""Target objects: what a sync can write to through a connection, with their fields and modes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from polytomic_mcp.catalogue.rules.identity_functions import FUNCTIONS
from polytomic_mcp.sandbox.data.systems.systems import Creation, CreationProperty, Kind, described
from polytomic_mcp.sandbox.data.tables.table import find_column
from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from polytomic_mcp.sandbox.resources.syncs.rules import identity_functions
from polytomic_mcp.sandbox.resources.syncs.rules.modes import TargetMode, target_modes
from polytomic_mcp.sandbox.workspace.workspace import Workspace

WEBHOOK: Final = "webhook"
"""The kind of target to which each record is posted in one field."""

EXPORT: Final = "export"
"""The kind of a file that holds the records of a sync, each in one field."""

NEW: Final = "new"
"""The kind of a target that does not exist yet; its fields are those that the sync names."""

_NEW_FLAGS: Final = ("optional_target_mappings", "target_creator")
_FLAGS: Final = (
    "does_not_report_operation_counts",
    "mappings_not_required",
    "optional_target_mappings",
    "requires_configuration",
    "supports_field_creation",
    "supports_filter_value_fields",
    "supports_identity_field_creation",
    "supports_multiple_identities",
    "supports_target_filters",
    "target_creator",
)
"""The properties a target can have (names seen in the 2025-09-18 SDK)."""


@dataclass(frozen=True, slots=True)
class TargetField:
    """A field of a target. ``is_system`` marks one that the target sets itself."""

    column: Column
    is_identity: bool = True
    is_system: bool = False

    @property
    def functions(self) -> tuple[str, ...]:
        """The identity functions that can find a row by this field."""
        supported = self.column.identity_functions
        return (FUNCTIONS if supported is None else supported) if self.is_identity else ()

    @property
    def is_filterable(self) -> bool:
        """Whether a target filter can test the field: if an identity can look it up (a guess)."""
        return self.is_identity

    def describe(self) -> dict[str, Any]:
        """Return the field as the API lists it (keys seen in the 2025-09-18 SDK)."""
        return {
            "id": self.column.name,
            "name": self.column.label or self.column.name,
            "type": self.column.type,
            "source_type": self.column.sql_type,
            "required": self.column.required and not self.is_system,
            "createable": not self.is_system and self.column.createable,
            "updateable": not self.is_system and self.column.updateable,
            "supports_identity": self.is_identity,
            "identity_functions": [identity_functions.describe(id_) for id_ in self.functions],
            "filterable": self.is_filterable,
            "filter_functions": [],  # an empty list accepts every function
            "association": self.column.refers_to is not None,
            "encryptable": False,
            "values": [asdict(choice) for choice in self.column.values],
        }


@dataclass(frozen=True, slots=True)
class Target:
    """A target object: its table, and what a sync can do with it."""

    table: Table
    kind: str
    modes: tuple[TargetMode, ...]
    fields: tuple[TargetField, ...]
    flags: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The name that a sync has as ``target.object``."""
        return self.table.name

    def mode(self, id_: str) -> TargetMode | None:
        """Return the mode, or None if the target does not support it."""
        return next((each for each in self.modes if each.mode.id == id_), None)

    def field(self, id_: str) -> TargetField | None:
        """Return the field of that name; if there is none, one with it in another case, or None."""
        column = find_column([field.column for field in self.fields], id_)
        return next((field for field in self.fields if field.column is column), None)

    def column(self, id_: str) -> Column:
        """Return the column of a field that exists."""
        return next(field.column for field in [self.field(id_)] if field is not None)

    def has(self, flag: str) -> bool:
        """Whether the target has a property."""
        return flag in self.flags

    def summarize(self) -> dict[str, Any]:
        """Return the target as the list of target objects shows it."""
        return {"id": self.id, "name": self.table.label, "modes": [mode.summarize() for mode in self.modes]}

    def describe(self, refreshed_at: str) -> dict[str, Any]:
        """Return the target as the API shows a single one."""
        return {
            "id": self.id,
            "name": self.table.label,
            "fields": [field.describe() for field in self.fields],
            "modes": [mode.describe() for mode in self.modes],
            "properties": {flag: self.has(flag) for flag in _FLAGS},
            "refreshed_at": refreshed_at,
        }


def list_targets(workspace: Workspace, system: str) -> list[Target]:
    """Return all target objects of a system."""
    return [target for table in workspace.tables.list(system) if (target := _target(table))]


def get_target(workspace: Workspace, system: str, id_: str) -> Target | None:
    """Return the target object, or None if it does not exist."""
    table = workspace.tables.get(system, id_)
    return None if table is None else _target(table)


def new_target(
    workspace: Workspace,
    system: str,
    creation: Creation,
    id_: str,
    create: Mapping[str, str],
    columns: Iterable[Column] = (),
) -> Target:
    """Return the target that ``target.create`` describes. Nothing is created.

    ``columns`` are those of the new object, unless it gets the columns of an existing one.
    """
    model = creation.model(create)
    like = workspace.tables.get(system, model) if model else None
    columns = like.columns if like else creation.columns or tuple(columns)
    table = Table(system, id_, create["name"], creation.kind, columns, like and like.key)
    kind = described(system).kind(creation.kind)
    fields = tuple(_field(table, kind, column) for column in table.columns)
    return Target(table, NEW, _modes(kind), fields, (*kind.properties, *_NEW_FLAGS))


def creation_properties(workspace: Workspace, system: str) -> list[dict[str, Any]]:
    """Return the properties of ``target.create`` as the API lists them.

    Empty if the system does not support new objects. A warehouse's schemas are those of its tables;
    any other name creates a new schema (a guess).
    """
    creation = described(system).creation
    return [_property(workspace, system, each) for each in creation.properties] if creation else []


def _property(workspace: Workspace, system: str, property_: CreationProperty) -> dict[str, Any]:
    values = property_.values
    if values == "schemas":
        schemas = sorted(
            {table.name.partition(".")[0] for table in workspace.tables.list(system)} or {"public"}
        )
        values = tuple({"value": schema, "label": schema} for schema in schemas)
    return {
        "id": property_.id,
        "title": property_.title,
        "enum": values is not None,
        "values": [dict(each) for each in values or () if not isinstance(each, str)],
    }


def _target(table: Table) -> Target | None:
    """Return a table as a target, or None if it can only be read."""
    kind = described(table.system).kind(table.kind)
    if not kind.is_target or not kind.modes:
        return None
    fields = tuple(_field(table, kind, column) for column in table.columns)
    return Target(table, table.kind, _modes(kind), fields, kind.properties)


def _modes(kind: Kind) -> tuple[TargetMode, ...]:
    return target_modes(
        kind.modes, identity=kind.identity, filters="supports_target_filters" in kind.properties
    )


def _field(table: Table, kind: Kind, column: Column) -> TargetField:
    # An application that assigns IDs to its records accepts none, unless the column is required.
    is_assigned = bool(kind.assigns_key) and column.name == table.key and not column.required
    is_identity = column.identity_functions is None or bool(column.identity_functions)
    return TargetField(column, is_identity, is_assigned or column.is_filled_in)
