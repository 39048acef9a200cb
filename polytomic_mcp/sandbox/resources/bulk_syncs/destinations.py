"""Where a bulk sync can write: the tables of a database, or the files of a bucket, kept as tables here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.systems.systems import described, system_of, warehouses
from polytomic_mcp.sandbox.resources.connections.connections import destination_problem

MODES: Final = ("replicate", "snapshot", "append")
RESYNC_MODES: Final = ("refetch", "resync", "rebuild")
BUCKETS: Final = ("azureblob", "gcs", "s3")
FORMATS: Final = ("csv", "json", "parquet")

_DESCRIPTIONS: Final = {
    "replicate": "Keeps each output equal to its source: adds, changes and deletes rows.",
    "snapshot": "Replaces each output by all rows of its source.",
    "append": "Adds each new or changed row as one more row, and deletes none.",
}
"""What the modes do; the API names them without describing them, so this is a guess."""

_OTHER: Final = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of ``destination_configuration``; the keys other than ``schema`` and ``format`` are a guess."""

    name: str
    title: str
    required: bool = False
    values: tuple[str, ...] = ()

    def form(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        return {"type": "string", "title": self.title, **({"enum": list(self.values)} if self.values else {})}


def objection(connection: JsonObject) -> str | None:
    """Return why no bulk sync can write through the connection, or None."""
    system = system_of(connection)
    if system not in BUCKETS and not described(system).is_warehouse:
        return (
            f"Connection {connection['name']} is of type {system}, to which the sandbox copies no bulk data; "
            f"it copies to {', '.join((*warehouses(), *BUCKETS))}."
        )
    return destination_problem(connection)


def settings(connection: JsonObject) -> tuple[Setting, ...]:
    """Return the keys that ``destination_configuration`` takes."""
    system = system_of(connection)
    if system in BUCKETS:
        return (Setting("format", "File format", values=FORMATS), Setting("path", "Folder"))
    return (Setting("dataset" if system == "bigquery" else "schema", "Output schema", required=True),)


def describe(connection: JsonObject) -> dict[str, Any]:
    """Return what discovery answers: the configuration's schema and the modes."""
    taken = settings(connection)
    return {
        "configuration": {
            "type": "object",
            "properties": {each.name: each.form() for each in taken},
            "required": [each.name for each in taken if each.required],
        },
        "modes": [_mode(id_) for id_ in MODES],
        "supported_resync_modes": list(RESYNC_MODES),
        "supports_history_mode": False,
    }


def table_name(connection: JsonObject, configuration: Mapping[str, Any], output_name: str) -> str:
    """Return the name of the table an output lands in: ``schema.output`` or ``folder/output.csv``."""
    if system_of(connection) in BUCKETS:
        folder = str(configuration.get("path") or "").strip("/")
        file = f"{output_name}.{configuration.get('format') or FORMATS[0]}"
        return f"{folder}/{file}" if folder else file
    (setting,) = settings(connection)
    return f"{configuration[setting.name]}.{output_name}"


def normalized(name: str, how: str) -> str:
    """Return a name as it is written out: lower case, letters, digits and underscores, or as it is.

    ``how`` is the sync's ``normalize_names``; that ``legacy`` does as ``enabled`` does is a guess.
    """
    if how == "disabled":
        return name
    plain = _OTHER.sub("_", name.strip()).strip("_").lower() or "_"
    return f"_{plain}" if plain[0].isdigit() else plain


def _mode(id_: str) -> dict[str, Any]:
    return {
        "id": id_,
        "label": id_.capitalize(),
        "description": _DESCRIPTIONS[id_],
        "requires_identity": False,
        "supports_field_sync_mode": False,
        "supports_target_filters": False,
    }
