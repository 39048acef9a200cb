"""Requests in the form that an older version of the API expects.

The catalogue describes the 2025-09-18 API. Before it, a bulk sync had one ``schedule``; several schedules
had the frequency ``multi``, each with an ``item`` (2024-02-08 SDK, migration guide). Here a default schedule
may have its item as ``selective_mode``, which the newer version does not accept.
"""

from dataclasses import replace
from typing import Any, Final, cast

from polytomic_mcp.catalogue import Request
from polytomic_mcp.errors import ArgumentError

__all__ = ["for_version"]

_SEVERAL_SCHEDULES: Final = "2025-09-18"
_BULK_SYNCS: Final = frozenset({"POST /api/bulk/syncs", "PUT /api/bulk/syncs/{id}"})
_OTHERS: Final = {"incrementalFields": "nonincrementalFields", "nonincrementalFields": "incrementalFields"}
_ITEM: Final = "selective_mode"
_UNSUPPORTED: Final = ("resync_mode", "schemas")

_Schedule = dict[str, Any]


def for_version(request: Request, version: str) -> Request:
    """Return the request in the form of that version.

    Raises:
        ArgumentError: The version cannot express the schedules.
    """
    if request.body is None or request.operation.id not in _BULK_SYNCS:
        return request
    body = dict(request.body)
    default, item = _without_item(body.pop("default_schedule"))
    if version >= _SEVERAL_SCHEDULES:
        return replace(request, body=body | {"default_schedule": default})
    additional: list[_Schedule] = body.pop("additional_schedules", None) or []
    body["schedule"] = _multi(default, item, additional, version) if additional else default
    return replace(request, body=body)


def _without_item(default: Any) -> tuple[Any, str | None]:
    if not isinstance(default, dict):
        return default, None  # the API reports what is wrong with it
    parts = cast("_Schedule", default)
    return {name: part for name, part in parts.items() if name != _ITEM}, parts.get(_ITEM)


def _multi(default: _Schedule, item: str | None, additional: list[_Schedule], version: str) -> _Schedule:
    """Merge several schedules; a default without an item gets the one that the others leave (a guess)."""
    if any(
        schedule.get(part) not in (None, [], "normal") for schedule in additional for part in _UNSUPPORTED
    ):
        raise ArgumentError(
            f"additional_schedules: version {version} of the API does not support schemas or "
            "resync_mode in a schedule. Omit these, or set POLYTOMIC_API_VERSION to 2025-09-18."
        )
    modes = {str(schedule.get(_ITEM)) for schedule in additional}
    left = _OTHERS.get(modes.pop(), "none") if len(modes) == 1 else "none"
    items = [_item(schedule, schedule.get(_ITEM) or "none") for schedule in additional]
    return {"frequency": "multi", "multi": {"schedules": [_item(default, item or left), *items]}}


def _item(schedule: _Schedule, item: str) -> _Schedule:
    dropped = {"id", _ITEM, *_UNSUPPORTED}
    return {"item": item, "schedule": {name: part for name, part in schedule.items() if name not in dropped}}
