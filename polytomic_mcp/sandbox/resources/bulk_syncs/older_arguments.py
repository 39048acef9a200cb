"""The arguments of 2024-02-08 for bulk syncs, translated to those of 2025-09-18, which refuses them."""

from collections.abc import Mapping
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules

_WRITES: Final = ("POST /api/bulk/syncs", "PUT /api/bulk/syncs/{id}")
_START: Final = "POST /api/bulk/syncs/{id}/executions"
_SCHEDULES: Final = "default_schedule, and additional_schedules if there are more"
_WRITING: Final[Mapping[str, str]] = {
    "schedule": _SCHEDULES,
    "schedules": _SCHEDULES,
    "discover": "automatically_add_new_objects and automatically_add_new_fields",
}
_GONE: Final[Mapping[str, Mapping[str, str]]] = {
    **dict.fromkeys(_WRITES, _WRITING),
    _START: {"resync": "resync_mode (rebuild does what resync did)"},
}
"""The arguments that 2025-09-18 refuses, and what replaces them (facts of its migration guide)."""


def current(operation: str, arguments: JsonObject, version: str) -> JsonObject:
    """Return the arguments with the names of 2025-09-18.

    Raises:
        RefusalError: 400, an older name was sent with a version that refuses it.
    """
    if version < CURRENT:
        return _translated(operation, arguments)
    for name, replacement in _GONE.get(operation, {}).items():
        if name in arguments:
            message = f"{operation}: Version {version} does not accept {name}. Send {replacement}."
            raise RefusalError(400, message, key="bad_request")
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
