"""What an older version of the API spells differently, said as that version wants it.

The catalogue is the 2025-09-18 API. Before it, a bulk sync had one ``schedule``, and several were its
frequency ``multi`` (2024-02-08 SDK, migration guide).
"""

from dataclasses import replace
from typing import Any, Final

from polytomic_mcp.catalogue import Request
from polytomic_mcp.errors import ArgumentError

__all__ = ["spell"]

_SEVERAL_SCHEDULES: Final = "2025-09-18"
_BULK_SYNCS: Final = frozenset({"POST /api/bulk/syncs", "PUT /api/bulk/syncs/{id}"})
_OTHERS: Final = {"incrementalFields": "nonincrementalFields", "nonincrementalFields": "incrementalFields"}
_UNSAYABLE: Final = ("resync_mode", "schemas")

_Schedule = dict[str, Any]


def spell(request: Request, version: str) -> Request:
    """Return the request in the words of that version.

    Raises ArgumentError for schedules that the version has no words for.
    """
    if request.body is None or request.operation.id not in _BULK_SYNCS or version >= _SEVERAL_SCHEDULES:
        return request
    body = dict(request.body)
    default = body.pop("default_schedule")
    additional: list[_Schedule] = body.pop("additional_schedules", None) or []
    body["schedule"] = _multi(default, additional, version) if additional else default
    return replace(request, body=body)


def _multi(default: _Schedule, additional: list[_Schedule], version: str) -> _Schedule:
    """Write several schedules as one; the default takes the fields that the others leave (a guess)."""
    if any(schedule.get(part) not in (None, [], "normal") for schedule in additional for part in _UNSAYABLE):
        raise ArgumentError(
            f"additional_schedules: version {version} of the API has no schedules of some schemas, and none "
            "with a resync_mode. Leave these out, or set POLYTOMIC_API_VERSION to 2025-09-18."
        )
    modes = {str(schedule.get("selective_mode")) for schedule in additional}
    left = _OTHERS.get(modes.pop(), "none") if len(modes) == 1 else "none"
    items = [_item(schedule, schedule.get("selective_mode") or "none") for schedule in additional]
    return {"frequency": "multi", "multi": {"schedules": [_item(default, left), *items]}}


def _item(schedule: _Schedule, item: str) -> _Schedule:
    dropped = {"id", "selective_mode", *_UNSAYABLE}
    return {"item": item, "schedule": {name: part for name, part in schedule.items() if name not in dropped}}
