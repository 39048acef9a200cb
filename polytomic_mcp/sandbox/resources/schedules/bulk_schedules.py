"""When a bulk sync runs: its default schedule and the others, in each shape the API writes them.

``default_schedule`` and ``additional_schedules`` are the stored shape (2025-09-18). 2024-02-08 has one
``schedule``, of frequency ``multi`` where there are several; the schedules' own addresses spell their
keys in camel case.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.models.source_fields import listed
from polytomic_mcp.sandbox.resources.schedules import sync_schedules
from polytomic_mcp.sandbox.workspace.workspace import Workspace

FREQUENCIES: Final = ("manual", "continuous", "hourly", "daily", "weekly", "custom", "builder")
"""Those of a bulk sync that the sandbox emulates."""

_NOT_EMULATED: Final = ("runafter", "dbtcloud", "multi")

SELECTIVE_MODES: Final = ("none", "incrementalFields", "nonincrementalFields")
SYNC_MODES: Final = ("normal", "refetch", "resync", "rebuild")

_MULTI_TYPE: Final = "fields"
"""The value is a guess; the clients of early 2024 read no answer without one."""

_PARTS: Final = ("frequency", "minute", "hour", "day_of_week", "month", "day_of_month")
_CAMEL: Final = {"day_of_week": "dayOfWeek", "day_of_month": "dayOfMonth"}


def compose(workspace: Workspace, request: Mapping[str, Any], held: JsonObject | None = None) -> JsonObject:
    """Return a schedule as it is stored; one that was ``held`` under the same id keeps its making."""
    now = workspace.now()
    made = held or {"id": workspace.new_id(), "created_at": now, "created_by": ACTOR}
    return {
        **{key: made[key] for key in ("id", "created_at", "created_by")},
        **{part: request.get(part) for part in _PARTS},
        "updated_at": now,
        "updated_by": ACTOR,
    }


def compose_additional(
    workspace: Workspace, request: Mapping[str, Any], held: JsonObject | None = None
) -> JsonObject:
    """Return an additional schedule as it is stored: it may be for some schemas or fields only."""
    return compose(workspace, request, held) | {
        "schemas": request.get("schemas") or [],
        "selective_mode": request.get("selective_mode") or SELECTIVE_MODES[0],
        "resync_mode": request.get("resync_mode") or SYNC_MODES[0],
    }


def compose_all(workspace: Workspace, arguments: Mapping[str, Any], held: JsonObject) -> JsonObject:
    """Return both parts of a sync; an additional one that names a held id is that one, changed.

    ``_multi`` is how 2024-02-08 said several.
    """
    by_id = {each["id"]: each for each in held.get("additional_schedules", [])}
    return {
        "default_schedule": compose(workspace, arguments["default_schedule"], held.get("default_schedule")),
        "additional_schedules": [
            compose_additional(workspace, each, by_id.get(each.get("id") or ""))
            for each in listed(arguments, "additional_schedules")
        ],
        "_multi": arguments["default_schedule"].get("multi"),
    }


def require_emulated(operation: str, sync: JsonObject) -> None:
    """Refuse with 501 where a schedule has one of Polytomic's frequencies that the sandbox lacks."""
    for each in of(sync):
        if each["frequency"] in _NOT_EMULATED:
            raise RefusalError(
                501,
                f"The sandbox does not emulate {operation} with the frequency {each['frequency']}; it does "
                f"with {', '.join(FREQUENCIES)}.",
                key="not_implemented",
                metadata={"operation": operation},
            )


def problems(workspace: Workspace, sync: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with a sync's schedules."""
    yield from _problems(workspace, sync["default_schedule"], "default_schedule")
    known = {each["id"].casefold() for each in sync["_schemas"]}
    for position, each in enumerate(sync["additional_schedules"]):
        path = f"additional_schedules[{position}]"
        yield from _problems(workspace, each, path)
        for key, values in (("selective_mode", SELECTIVE_MODES), ("resync_mode", SYNC_MODES)):
            if each[key] not in values:
                message = f"{each[key]!r} is none; there are: {', '.join(values)}"
                yield Problem("invalid_schedule", message, f"{path}.{key}")
        for id_ in each["schemas"]:
            if id_.casefold() not in known:
                yield Problem("unknown_schema", f"the source has no schema {id_!r}", f"{path}.schemas")


def request(sync: JsonObject, schedule: JsonObject) -> JsonObject | None:
    """Return what a start by the schedule asks for, or None where it is for schemas that are not enabled.

    All fields that a tracking field tells of come with every run. A schedule for the fields that
    cannot be read incrementally reads every record again, which brings these as well (a guess).
    """
    asked: JsonObject = {
        "trigger": "schedule",
        "schedule": {key: schedule[key] for key in ("id", "frequency")},
    }
    if wanted := {id_.casefold() for id_ in schedule.get("schemas", [])}:
        enabled = [schema["id"] for schema in sync["_schemas"] if schema["enabled"]]
        asked["schemas"] = [id_ for id_ in enabled if id_.casefold() in wanted]
        if not asked["schemas"]:
            return None
    if schedule.get("selective_mode") == "nonincrementalFields":
        asked["fetch_mode"] = "full"
    if schedule.get("resync_mode", SYNC_MODES[0]) != SYNC_MODES[0]:
        asked["resync_mode"] = schedule["resync_mode"]
    return asked


def of(sync: JsonObject) -> list[JsonObject]:
    """Return all schedules of a sync, the default one first."""
    return [sync["default_schedule"], *sync["additional_schedules"]]


def show(sync: JsonObject, schedule: JsonObject) -> JsonObject:
    """Return a schedule as its own address shows it; the ``id`` is there though the SDK does not name it."""
    return {
        "id": schedule["id"],
        "syncId": sync["id"],
        "isDefault": schedule["id"] == sync["default_schedule"]["id"],
        **{_CAMEL.get(part, part): schedule[part] for part in _PARTS},
        "schemas": schedule.get("schemas", []),
        "selectiveMode": schedule.get("selective_mode", SELECTIVE_MODES[0]),
        "syncMode": schedule.get("resync_mode", SYNC_MODES[0]),
        "createdAt": schedule["created_at"],
        "createdBy": schedule["created_by"]["id"],
        "updatedAt": schedule["updated_at"],
        "updatedBy": schedule["updated_by"]["id"],
        "deletedAt": None,
        "deletedBy": None,
    }


def read(request: Mapping[str, Any]) -> JsonObject:
    """Return what a schedule's own address takes, under the keys of the stored shape."""
    read_ = {part: request.get(_CAMEL.get(part, part)) for part in _PARTS}
    return read_ | {"selective_mode": request.get("selectiveMode")}


def read_old(schedule: Mapping[str, Any]) -> JsonObject:
    """Return both parts from the one ``schedule`` of 2024-02-08.

    Of several, the first is the default, which carries ``multi`` as it was sent; the others are
    additional, for the fields their ``item`` names.
    """
    multi = as_object(schedule.get("multi"))
    several = as_list(multi.get("schedules"))
    if schedule.get("frequency") != "multi" or not several:
        return {"default_schedule": dict(schedule)}
    first, *others = [as_object(each) for each in several]
    return {
        "default_schedule": {**as_object(first.get("schedule")), "multi": multi},
        "additional_schedules": [
            {**as_object(each.get("schedule")), "selective_mode": each.get("item")} for each in others
        ],
    }


def show_old(sync: JsonObject) -> JsonObject:
    """Return the one ``schedule`` of 2024-02-08: as it was sent, unless it has been changed since.

    Of several, it always says a ``type``.
    """
    multi = as_object(sync.get("_multi"))
    type_ = str(multi.get("type") or _MULTI_TYPE)
    sent = {"frequency": "multi", "multi": {**multi, "type": type_}}
    if multi and _timetable(read_old(sent)) == _timetable(sync):
        return sent
    default, *others = ({part: each[part] for part in _PARTS} for each in of(sync))
    if not others:
        return default
    modes = [each["selective_mode"] for each in sync["additional_schedules"]]
    first = "incrementalFields" if "nonincrementalFields" in modes else SELECTIVE_MODES[0]
    listed = zip((first, *modes), (default, *others), strict=True)
    several = [{"item": item, "schedule": schedule} for item, schedule in listed]
    return {"frequency": "multi", "multi": {"type": type_, "schedules": several}}


def _timetable(both: Mapping[str, Any]) -> list[list[Any]]:
    """Return what can be told on 2024-02-08 of the default schedule and the additional ones."""
    additional = as_list(both.get("additional_schedules"))
    modes = [None, *(each.get("selective_mode") or SELECTIVE_MODES[0] for each in additional)]
    listed_ = zip(modes, (both["default_schedule"], *additional), strict=True)
    return [[mode, *(each.get(part) for part in _PARTS)] for mode, each in listed_]


def _problems(workspace: Workspace, schedule: JsonObject, path: str) -> Iterator[Problem]:
    if schedule["frequency"] not in FREQUENCIES:
        known = ", ".join(FREQUENCIES)
        message = f"{schedule['frequency']!r} is no frequency of a bulk sync; there are: {known}"
        yield Problem("invalid_schedule", message, f"{path}.frequency")
        return
    for problem in sync_schedules.problems(schedule, workspace.store):
        place = problem.path.removeprefix("schedule")
        yield Problem(problem.code, problem.message, f"{path}{place}")
