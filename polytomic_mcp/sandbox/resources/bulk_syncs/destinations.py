"""What a bulk sync can write to: tables of a database, or files of a bucket, which are tables here."""

from dataclasses import dataclass
from typing import Any, Final

from polytomic_mcp.catalogue.rules import outputs
from polytomic_mcp.catalogue.rules.modes import BULK_MODES, RESYNC_MODES
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.data.systems.systems import described, system_of, warehouses
from polytomic_mcp.sandbox.resources.connections.connections import destination_problem

BUCKETS: Final = ("azureblob", "gcs", "s3")

SHEETS: Final = "gsheets"
"""The type whose outputs are sheets; they are named like files (a guess)."""

_DESCRIPTIONS: Final = {
    "replicate": (
        "Keeps each output equal to its source: inserts and updates rows, and marks those that are gone from "
        "the source in _polytomic_deleted_at, or deletes them with advanced.hard_deletes."
    ),
    "snapshot": "Replaces each output with all rows of its source.",
    "append": "Inserts each new or changed row as another row, and deletes none.",
}
"""What the modes do: a guess, as the API names them without a description."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of ``destination_configuration``; ``dataset`` and ``path`` are guesses.

    ``fields`` are the keys of an object. The keys of ``advanced`` are documented for every destination.
    """

    name: str
    title: str
    type: str = "string"
    required: bool = False
    values: tuple[str, ...] = ()
    fields: "tuple[Setting, ...]" = ()

    def form(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        choices = {"enum": list(self.values)} if self.values else {}
        fields = {"properties": {each.name: each.form() for each in self.fields}} if self.fields else {}
        return {"type": self.type, "title": self.title, **choices, **fields}

    def value_problem(self, value: Any) -> str | None:
        """Return the reason why a value is not one of this setting; None if it is."""
        if self.values and value not in self.values:
            return unknown(self.name, str(value), self.values)
        return (
            None if isinstance(value, _TYPES[self.type]) else f"{self.name} must be {_ARTICLES[self.type]}."
        )


_TYPES: Final = {"string": str, "boolean": bool, "object": dict}
_ARTICLES: Final = {"string": "a string", "boolean": "true or false", "object": "an object"}
_ADVANCED: Final = Setting(
    outputs.ADVANCED,
    "Advanced settings",
    "object",
    fields=(
        Setting(outputs.HARD_DELETES, "Propagate hard deletes instead of soft deletes", "boolean"),
        Setting(outputs.TABLE_PREFIX, "Prefix table names with"),
        Setting(outputs.TRUNCATE_EXISTING, "Truncate a table whose source has no primary key", "boolean"),
    ),
)
_MIRROR: Final = Setting(outputs.MIRROR_SCHEMAS, "Mirror the schemas of the source", "boolean")


def unusable_reason(connection: JsonObject) -> str | None:
    """Return why a bulk sync cannot write to the connection, or None if it can."""
    system = system_of(connection)
    if system not in (*BUCKETS, SHEETS) and not described(system).is_warehouse:
        return (
            f"Connection {connection['name']} is of type {system}, which the sandbox does not emulate as the "
            f"destination of a bulk sync. Valid types: {', '.join((*warehouses(), *BUCKETS, SHEETS))}."
        )
    return destination_problem(connection)


def settings(connection: JsonObject) -> tuple[Setting, ...]:
    """Return the keys that ``destination_configuration`` accepts."""
    system = system_of(connection)
    if system == SHEETS:
        return ()
    if system in BUCKETS:
        return (
            Setting("format", "File format", values=outputs.FORMATS),
            Setting("path", "Folder"),
            _ADVANCED,
        )
    namespace = "dataset" if system == "bigquery" else "schema"
    return (Setting(namespace, "Output schema", required=True), _MIRROR, _ADVANCED)


def modes(connection: JsonObject, version: str) -> tuple[str, ...]:
    """Return the modes that a version of the API offers; 2024-02-08 does not have ``append`` yet."""
    lacking = described(system_of(connection)).bulk_modes_not_offered
    known = BULK_MODES if version >= CURRENT else tuple(mode for mode in BULK_MODES if mode != "append")
    return tuple(mode for mode in known if mode not in lacking)


def describe(connection: JsonObject, version: str) -> dict[str, Any]:
    """Return the response of discovery: a JSON Schema of the configuration, and the modes."""
    accepted = settings(connection)
    return {
        "configuration": {
            "type": "object",
            "properties": {each.name: each.form() for each in accepted},
            "required": [each.name for each in accepted if each.required],
        },
        "modes": [_mode(id_) for id_ in modes(connection, version)],
        "supported_resync_modes": list(RESYNC_MODES),
        "supports_history_mode": False,
    }


def _mode(id_: str) -> dict[str, Any]:
    return {
        "id": id_,
        "label": id_.capitalize(),
        "description": _DESCRIPTIONS[id_],
        "requires_identity": False,
        "supports_field_sync_mode": False,
        "supports_target_filters": False,
    }
