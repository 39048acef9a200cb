"""What a bulk sync can write to: tables of a database, or files of a bucket, which are tables here."""

from dataclasses import dataclass
from typing import Any, Final

from polytomic_mcp.catalogue.rules.modes import BULK_MODES, RESYNC_MODES
from polytomic_mcp.catalogue.rules.outputs import FORMATS
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.data.systems.systems import described, system_of, warehouses
from polytomic_mcp.sandbox.resources.connections.connections import destination_problem

BUCKETS: Final = ("azureblob", "gcs", "s3")

SHEETS: Final = "gsheets"
"""The type whose outputs are sheets; they are named like files (a guess)."""

_DESCRIPTIONS: Final = {
    "replicate": "Keeps each output equal to its source: inserts, updates and deletes rows.",
    "snapshot": "Replaces each output with all rows of its source.",
    "append": "Inserts each new or changed row as another row, and deletes none.",
}
"""What the modes do: a guess, as the API names them without a description."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of ``destination_configuration``; those other than ``schema`` and ``format`` are guesses."""

    name: str
    title: str
    required: bool = False
    values: tuple[str, ...] = ()

    def form(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        return {"type": "string", "title": self.title, **({"enum": list(self.values)} if self.values else {})}


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
        return (Setting("format", "File format", values=FORMATS), Setting("path", "Folder"))
    return (Setting("dataset" if system == "bigquery" else "schema", "Output schema", required=True),)


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
