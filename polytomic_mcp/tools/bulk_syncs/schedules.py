"""The schedules of a bulk sync, normalized from every form to one: a default and additional ones.

2024-02-08 has a single ``schedule``, which may be ``multi``; an early 2025-09-18 had ``schedules``. The
client translates requests to the form of the API's version.
"""

from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.api_access.merging import given

MANUAL: Final[JsonObject] = {"frequency": "manual"}
_FORMS: Final = ("schedule", "schedules", "default_schedule", "additional_schedules")
_OLD_NAMES: Final = {
    "dayOfMonth": "day_of_month",
    "dayOfWeek": "day_of_week",
    "item": "selective_mode",
    "selectiveMode": "selective_mode",
    "syncMode": "resync_mode",
}
_READ_ONLY: Final = frozenset({"created_at", "created_by", "updated_at", "updated_by"})
_GENERAL: Final = (None, "none", "incrementalFields")
_BOTH: Final = ("default_schedule", "additional_schedules")


def flattened(schedule: JsonObject) -> JsonObject:
    """Return a schedule without the wrapper, and with current names for those of older versions."""
    unwrapped = {name: part for name, part in schedule.items() if name != "schedule"}
    unwrapped |= as_object(schedule.get("schedule"))
    return {_OLD_NAMES.get(name, name): part for name, part in unwrapped.items()}


def normalized_schedules(body: JsonObject) -> JsonObject:
    """Return a request body with its schedules, if it has any, in the normalized form.

    Raises:
        ToolError: The body mixes forms that may contradict each other.
    """
    present = [name for name in _FORMS if name in body]
    kept = {name: part for name, part in body.items() if name not in _FORMS}
    if set(present) <= set(_BOTH):
        return kept | {name: plain(body[name]) for name in present}
    is_multi = "multi" in as_object(body.get("schedule"))
    if present == ["schedule", "additional_schedules"] and not is_multi:
        return kept | {
            "default_schedule": plain(body["schedule"]),
            "additional_schedules": plain(body["additional_schedules"]),
        }
    if len(present) > 1:
        raise ToolError(
            f"{' and '.join(present)} are different forms of the same argument. Send only default_schedule "
            "and, for more schedules, additional_schedules. Nothing was written."
        )
    return kept | (_split(body["schedules"]) if present == ["schedules"] else _of_one(body["schedule"]))


def stored_schedules(stored: JsonObject) -> JsonObject:
    """Return the normalized schedules of a stored bulk sync, from either version of the API."""
    if _is_old(stored):
        return {"default_schedule": dict(MANUAL), **_of_one(as_object(stored["schedule"]))}
    return given(**{name: plain(stored.get(name)) for name in _BOTH})


def merged_schedules(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Return the schedules of a stored bulk sync, with those of a change replaced.

    A new default keeps the id and the selective mode of the old one. If no schedule changes, the single
    schedule of an older version is sent back exactly as it was answered.
    """
    new = {name: changed[name] for name in _BOTH if name in changed}
    if not new and _is_old(stored):
        return {"default_schedule": as_object(plain(stored["schedule"]))}
    kept = stored_schedules(stored)
    if "default_schedule" in new:
        old = as_object(kept.get("default_schedule"))
        own = {name: old[name] for name in ("id", "selective_mode") if name in old}
        new["default_schedule"] = own | new["default_schedule"]
    return kept | new


def _is_old(stored: JsonObject) -> bool:
    return "schedule" in stored and "default_schedule" not in stored


def _of_one(schedule: JsonObject) -> JsonObject:
    several = as_object(schedule.get("multi")).get("schedules")
    return {"default_schedule": plain(schedule)} if several is None else _split(as_objects(several))


def _split(schedules: list[JsonObject]) -> JsonObject:
    """Make the schedule that is not limited to some schemas the default; without one, that is manual."""
    items = [plain(flattened(schedule)) for schedule in schedules]
    default = min(
        (schedule for schedule in items if _rank(schedule) < len(_GENERAL)), key=_rank, default=MANUAL
    )
    others = [schedule for schedule in items if schedule is not default]
    return {"default_schedule": dict(default), "additional_schedules": others}


def _rank(schedule: JsonObject) -> int:
    mode = schedule.get("selective_mode")
    return len(_GENERAL) if schedule.get("schemas") or mode not in _GENERAL else _GENERAL.index(mode)


def plain(value: Any) -> Any:
    """Remove nulls, and fields that only the API sets, at any depth."""
    if isinstance(value, dict):
        return {
            name: plain(part)
            for name, part in as_object(value).items()
            if part is not None and name not in _READ_ONLY
        }
    return [plain(part) for part in as_list(value)] if isinstance(value, list) else value
