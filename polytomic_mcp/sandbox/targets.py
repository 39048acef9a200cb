"""What a sync can write to: a connection's target objects, their fields and their modes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from polytomic_mcp.sandbox import matching
from polytomic_mcp.sandbox.dialects import WAREHOUSES
from polytomic_mcp.sandbox.modes import TargetMode, offered
from polytomic_mcp.sandbox.tables import Column, Table
from polytomic_mcp.sandbox.world import World

WEBHOOK: Final = "webhook"
"""The connection type that posts records to an address; the sandbox keeps them instead."""

_TABLE_MODES: Final = offered(("create", "update", "updateOrCreate", "replace", "append", "remove"))
_OBJECT_MODES: Final = offered(("create", "update", "updateOrCreate", "remove"))
_FLOW_MODES: Final = offered(("create", "updateOrCreate", "remove"), always_identity=True)
_WEBHOOK_MODES: Final = (
    TargetMode(offered(("updateOrCreate",))[0].mode, requires_identity=False, supports_filters=False),
)
_WEBHOOK_TABLE: Final = Table(
    WEBHOOK,
    "http",
    "HTTP",
    "object",
    (Column("hash", "string", "VARCHAR"), Column("fields", "object", "JSON")),
)
_RECORD: Final = Column("record", "object", "JSON", label="Record")
_FLAGS: Final[dict[str, tuple[str, ...]]] = {
    "table": (
        "supports_field_creation",
        "supports_filter_value_fields",
        "supports_identity_field_creation",
        "supports_multiple_identities",
        "supports_target_filters",
    ),
    "object": ("supports_filter_value_fields", "supports_multiple_identities", "supports_target_filters"),
    "flow": ("mappings_not_required", "supports_target_filters"),
    WEBHOOK: ("does_not_report_operation_counts", "optional_target_mappings"),
    "new": (
        "optional_target_mappings",
        "supports_field_creation",
        "supports_identity_field_creation",
        "supports_multiple_identities",
        "target_creator",
    ),
}
"""Which properties a kind of target has; names seen in the 2025-09-18 SDK, the choice is a guess."""


@dataclass(frozen=True, slots=True)
class TargetField:
    """A field of a target; ``is_system`` marks one that the target itself fills in."""

    column: Column
    is_identity: bool = True
    is_system: bool = False

    def shown(self) -> dict[str, Any]:
        """Return it as the API lists it (keys seen in the 2025-09-18 SDK)."""
        return {
            "id": self.column.name,
            "name": self.column.label or self.column.name,
            "type": self.column.type,
            "source_type": self.column.sql_type,
            "required": self.column.required and not self.is_system,
            "createable": not self.is_system,
            "updateable": not self.is_system,
            "supports_identity": self.is_identity,
            "identity_functions": [matching.describe(id_) for id_ in matching.FUNCTIONS]
            if self.is_identity
            else [],
            "filterable": self.column is not _RECORD,
            "filter_functions": [],  # an empty list accepts every function
            "association": False,
            "encryptable": False,
        }


@dataclass(frozen=True, slots=True)
class Target:
    """A target object: the table behind it, and what a sync may do with it."""

    table: Table
    kind: str
    modes: tuple[TargetMode, ...]
    fields: tuple[TargetField, ...]

    @property
    def id(self) -> str:
        """The name a sync's ``target.object`` carries."""
        return self.table.name

    def mode(self, id_: str) -> TargetMode | None:
        """Return the mode as the target offers it, or None where it does not."""
        return next((each for each in self.modes if each.mode.id == id_), None)

    def field(self, id_: str) -> TargetField | None:
        """Return the field of that id, in any case, or None."""
        return next((field for field in self.fields if field.column.name.casefold() == id_.casefold()), None)

    def column(self, id_: str) -> Column:
        """Return the column of a field that is known to be there."""
        return next(field.column for field in self.fields if field.column.name.casefold() == id_.casefold())

    def has(self, flag: str) -> bool:
        """Say whether one of the target's properties is set."""
        return flag in _FLAGS[self.kind]

    def light(self) -> dict[str, Any]:
        """Return it as the list of target objects shows it."""
        return {"id": self.id, "name": self.table.label, "modes": [mode.light() for mode in self.modes]}

    def full(self, refreshed_at: str) -> dict[str, Any]:
        """Return it as its own page shows it."""
        return {
            "id": self.id,
            "name": self.table.label,
            "fields": [field.shown() for field in self.fields],
            "modes": [mode.full() for mode in self.modes],
            "properties": {flag: self.has(flag) for flags in _FLAGS.values() for flag in flags},
            "refreshed_at": refreshed_at,
        }


def list_targets(world: World, system: str) -> list[Target]:
    """Return every target object of a system."""
    if system == WEBHOOK:
        return [_WEBHOOK_TARGET]
    return [_target(table) for table in world.tables.list(system)]


def get_target(world: World, system: str, id_: str) -> Target | None:
    """Return the target object, or None where there is none."""
    if system == WEBHOOK:
        return _WEBHOOK_TARGET if id_ == _WEBHOOK_TABLE.name else None
    table = world.tables.get(system, id_)
    return None if table is None else _target(table)


def webhook_table() -> Table:
    """Return the table in which the sandbox keeps what webhooks would be sent."""
    return _WEBHOOK_TABLE


def new_target(system: str, name: str, columns: Iterable[Column] = ()) -> Target:
    """Return the target that ``target.create`` would make; nothing is made yet."""
    table = Table(system, name, name, "table", tuple(columns))
    return Target(table, "new", _TABLE_MODES, tuple(TargetField(column) for column in table.columns))


def creation_properties(world: World, system: str) -> list[dict[str, Any]]:
    """Return what ``target.create`` takes: for a warehouse a schema and a name, for the rest nothing.

    A warehouse's schemas are those of its tables; another name makes a new one (a guess).
    """
    if system not in WAREHOUSES:
        return []
    schemas = sorted({table.name.partition(".")[0] for table in world.tables.list(system)} or {"public"})
    return [
        {"id": "name", "title": "Table name", "enum": False, "values": []},
        {
            "id": "schema",
            "title": "Schema",
            "enum": True,
            "values": [{"value": schema, "label": schema} for schema in schemas],
        },
    ]


def _target(table: Table) -> Target:
    if table.kind == "flow":
        fields = (
            TargetField(column, _is_key(table, column), not _is_key(table, column))
            for column in table.columns
        )
        return Target(table, "flow", _FLOW_MODES, tuple(fields))
    if table.kind == "object":
        # An application assigns its records' ids itself, unless it asks for them.
        fields = (
            TargetField(column, is_system=_is_key(table, column) and not column.required)
            for column in table.columns
        )
        return Target(table, "object", _OBJECT_MODES, tuple(fields))
    return Target(table, "table", _TABLE_MODES, tuple(TargetField(column) for column in table.columns))


def _is_key(table: Table, column: Column) -> bool:
    return column.name == table.key


_WEBHOOK_TARGET: Final = Target(
    _WEBHOOK_TABLE, WEBHOOK, _WEBHOOK_MODES, (TargetField(_RECORD, is_identity=False),)
)
