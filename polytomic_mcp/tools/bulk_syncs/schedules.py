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
_READ_ONLY: Final = frozenset({"created_at", "created_by", "updated_at", "updated_by"})
_GENERAL: Final = (None, "none", "incrementalFields")
_BOTH: Final = ("default_schedule", "additional_schedules")


def normalized_schedules(body: JsonObject) -> JsonObject:
    """Return a request body with its schedules, if it has any, in the normalized form.

    Raises:
        ToolError: The body mixes forms that may contradict each other.
    """
    present = [name for name in _FORMS if name in body]
    kept = {name: part for name, part in body.items() if name not in _FORMS}
    if set(present) <= set(_BOTH):
        return body
    is_multi = "multi" in as_object(body.get("schedule"))
    if present == ["schedule", "additional_schedules"] and not is_multi:
        additional = {"additional_schedules": body["additional_schedules"]}
        return kept | _of_one(body["schedule"]) | additional
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


def schedules_of(body: JsonObject) -> list[JsonObject]:
    """Return all schedules in a body in the normalized form, the default one first."""
    return as_objects([body.get("default_schedule"), *as_list(body.get("additional_schedules"))])


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
    return {"default_schedule": _flattened(schedule)} if several is None else _split(as_objects(several))


def _flattened(schedule: JsonObject) -> JsonObject:
    """Return a schedule with its times in itself, and its item of 2024-02-08 as selective mode."""
    unwrapped = {name: part for name, part in schedule.items() if name != "schedule"}
    unwrapped |= as_object(schedule.get("schedule"))
    return plain({"selective_mode" if name == "item" else name: part for name, part in unwrapped.items()})


def _split(schedules: list[JsonObject]) -> JsonObject:
    """Make the schedule that is not limited to some schemas the default; without one, that is manual."""
    items = [_flattened(schedule) for schedule in schedules]
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
