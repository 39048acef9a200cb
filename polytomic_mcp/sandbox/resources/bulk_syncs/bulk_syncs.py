"""The document of a bulk sync: composed from a request, and shown in the shape of an API version."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import public
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "bulk_sync"


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
"""The values of arguments that are omitted or null; those of ``mode`` and ``active`` are guesses."""

_REQUIRED: Final = (
    "name",
    "source_connection_id",
    "destination_connection_id",
    "destination_configuration",
)


def compose(workspace: Workspace, arguments: Mapping[str, Any], stored: JsonObject) -> JsonObject:
    """Return the sync without its schemas; the schedules of the ``stored`` sync keep their ids."""
    return {
        **{name: arguments[name] for name in _REQUIRED},
        **{
            name: default if arguments.get(name) is None else arguments[name]
            for name, default in _DEFAULTS.items()
        },
        **bulk_schedules.compose_all(workspace, arguments, stored),
    }


def show(sync: JsonObject, version: str) -> JsonObject:
    """Return the sync in the shape of a version: 2024-02-08 has one ``schedule``, and ``discover``."""
    shown = public(sync)
    if version >= CURRENT:
        return shown
    for key in ("default_schedule", "additional_schedules"):
        del shown[key]
    discover = sync["automatically_add_new_objects"] == "all"
    return shown | {"schedule": bulk_schedules.show_old(sync), "discover": discover}
