"""A bulk sync as a document: composed from what a caller sends, shown as the asked version shows it."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import public
from polytomic_mcp.sandbox.api.versions import CURRENT
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "bulk_sync"

NORMALIZATIONS: Final = ("enabled", "disabled", "legacy")

_DEFAULTS: Final[Mapping[str, Any]] = {
    "active": False,
    "automatically_add_new_fields": "all",
    "automatically_add_new_objects": "none",
    "concurrency_limit": None,
    "data_cutoff_timestamp": None,
    "disable_record_timestamps": False,
    "mode": "replicate",
    "normalize_names": "enabled",
    "policies": [],
    "resync_concurrency_limit": None,
    "source_configuration": {},
}
"""What is left out; that ``mode`` falls back to ``replicate`` and ``active`` to false is a guess."""

_REQUIRED: Final = (
    "name",
    "source_connection_id",
    "destination_connection_id",
    "destination_configuration",
)


def compose(workspace: Workspace, arguments: Mapping[str, Any], held: JsonObject) -> JsonObject:
    """Return the sync without its schemas; ``held`` is what it was, whose schedules keep their ids."""
    return {
        **{name: arguments[name] for name in _REQUIRED},
        **{name: arguments.get(name, default) for name, default in _DEFAULTS.items()},
        **bulk_schedules.compose_all(workspace, arguments, held),
    }


def show(sync: JsonObject, version: str) -> JsonObject:
    """Return the sync; 2024-02-08 has one ``schedule`` and still says ``discover``."""
    shown = public(sync)
    if version >= CURRENT:
        return shown
    for key in ("default_schedule", "additional_schedules", "resync_concurrency_limit"):
        del shown[key]
    discover = sync["automatically_add_new_objects"] == "all"
    return shown | {"schedule": bulk_schedules.show_old(sync), "discover": discover}
