"""The older words for a bulk sync's arguments, turned into those of 2025-09-18, which refuses them."""

from collections.abc import Mapping
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.sandbox.api.versions import CURRENT
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules

_WRITES: Final = ("POST /api/bulk/syncs", "PUT /api/bulk/syncs/{id}")
_START: Final = "POST /api/bulk/syncs/{id}/executions"
_SCHEDULES: Final = "default_schedule, and additional_schedules for the others"
_WRITING: Final[Mapping[str, str]] = {
    "schedule": _SCHEDULES,
    "schedules": _SCHEDULES,
    "discover": "automatically_add_new_objects and automatically_add_new_fields",
}
_GONE: Final[Mapping[str, Mapping[str, str]]] = {
    **dict.fromkeys(_WRITES, _WRITING),
    _START: {"resync": "resync_mode (rebuild is what resync did)"},
}
"""What the newer version refuses, and what takes its place (facts of its migration guide)."""


def current(operation: str, arguments: JsonObject, version: str) -> JsonObject:
    """Return the arguments in the words of 2025-09-18.

    Raises:
        RefusalError: 400, that version was asked for and an older word was sent.
    """
    if version < CURRENT:
        return _translated(operation, arguments)
    for name, replacement in _GONE.get(operation, {}).items():
        if name in arguments:
            raise RefusalError(
                400, f"{operation}: {version} takes no {name}; send {replacement}.", key="bad_request"
            )
    return arguments


def _translated(operation: str, arguments: JsonObject) -> JsonObject:
    found = dict(arguments)
    if operation in _WRITES:
        if isinstance(found.get("schedule"), dict):
            found = bulk_schedules.read_old(as_object(found.pop("schedule"))) | found
        if isinstance(discover := found.pop("discover", None), bool):
            how = "all" if discover else "none"
            found = {"automatically_add_new_objects": how, "automatically_add_new_fields": how} | found
    elif operation == _START and found.pop("resync", None) is True:
        found.setdefault("resync_mode", "rebuild")
    return found
