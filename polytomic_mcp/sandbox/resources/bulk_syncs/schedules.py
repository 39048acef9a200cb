"""A bulk sync's schedules: the default one and additional ones, in each shape that the API uses.

They are stored in the shape of 2025-09-18, as ``default_schedule`` and ``additional_schedules``. 2024-02-08
has one ``schedule``, whose frequency is ``multi`` if there are several. The endpoints of single schedules use
camel case.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules.frequencies import BULK_FREQUENCIES
from polytomic_mcp.catalogue.rules.modes import SCHEDULE_RESYNC_MODES, SELECTIVE_MODES
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.models.source_fields import listed
from polytomic_mcp.sandbox.resources.schedules import frequencies
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_NOT_EMULATED: Final = ("runafter", "dbtcloud", "multi")

_MULTI_TYPE: Final = "fields"
"""A guess; the clients of early 2024 cannot parse a response without a type."""

_PARTS: Final = ("frequency", "minute", "hour", "day_of_week", "month", "day_of_month")
_CAMEL: Final = {"day_of_week": "dayOfWeek", "day_of_month": "dayOfMonth"}


def compose(workspace: Workspace, request: Mapping[str, Any], stored: JsonObject | None = None) -> JsonObject:
    """Return a schedule to store; one that replaces a ``stored`` one keeps its id and creation."""
    now = workspace.now()
    creation = stored or {"id": workspace.new_id(), "created_at": now, "created_by": ACTOR}
    return {
        **{key: creation[key] for key in ("id", "created_at", "created_by")},
        **{part: request.get(part) for part in _PARTS},
        "updated_at": now,
        "updated_by": ACTOR,
    }


def compose_additional(
    workspace: Workspace, request: Mapping[str, Any], stored: JsonObject | None = None
) -> JsonObject:
    """Return an additional schedule to store, which may be limited to some schemas or fields."""
    return compose(workspace, request, stored) | {
        "schemas": request.get("schemas") or [],
        "selective_mode": request.get("selective_mode") or SELECTIVE_MODES[0],
        "resync_mode": request.get("resync_mode") or SCHEDULE_RESYNC_MODES[0],
    }


def compose_all(workspace: Workspace, arguments: Mapping[str, Any], stored: JsonObject) -> JsonObject:
    """Return a sync's schedule fields; an additional schedule with the id of a ``stored`` one replaces it.

    ``_multi`` is the ``multi`` of the 2024-02-08 shape, as it was sent.
    """
    by_id = {each["id"]: each for each in stored.get("additional_schedules", [])}
    return {
        "default_schedule": compose(workspace, arguments["default_schedule"], stored.get("default_schedule")),
        "additional_schedules": [
            compose_additional(workspace, each, by_id.get(each.get("id") or ""))
            for each in listed(arguments, "additional_schedules")
        ],
        "_multi": arguments["default_schedule"].get("multi"),
    }


def require_emulated(operation: str, sync: JsonObject) -> None:
    """Refuse a schedule whose frequency the sandbox does not emulate.

    Raises:
        RefusalError: 501, a schedule has such a frequency.
    """
    for each in of(sync):
        if each["frequency"] in _NOT_EMULATED:
            raise RefusalError(
                501,
                f"The sandbox does not emulate {operation} with frequency {each['frequency']}. "
                f"Use one of: {', '.join(BULK_FREQUENCIES)}.",
                key="not_implemented",
                metadata={"operation": operation},
            )


def problems(sync: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with a sync's schedules."""
    yield from frequencies.problems(sync["default_schedule"], "default_schedule", BULK_FREQUENCIES)
    ids = [each["id"] for each in sync["_schemas"]]
    known = {id_.casefold() for id_ in ids}
    for position, each in enumerate(sync["additional_schedules"]):
        path = f"additional_schedules[{position}]"
        yield from frequencies.problems(each, path, BULK_FREQUENCIES)
        for key, values in (("selective_mode", SELECTIVE_MODES), ("resync_mode", SCHEDULE_RESYNC_MODES)):
            if each[key] not in values:
                yield Problem("invalid_schedule", unknown(key, str(each[key]), values), f"{path}.{key}")
        for id_ in each["schemas"]:
            if id_.casefold() not in known:
                yield Problem("unknown_schema", unknown("schema", id_, ids), f"{path}.schemas")


def request(sync: JsonObject, schedule: JsonObject) -> JsonObject | None:
    """Return the arguments of a start by the schedule; None if none of its schemas is enabled.

    A schedule for the fields that cannot be read incrementally reads every record again, with all of its
    fields (a guess).
    """
    arguments: JsonObject = {
        "trigger": "schedule",
        "schedule": {key: schedule[key] for key in ("id", "frequency")},
    }
    if chosen := {id_.casefold() for id_ in schedule.get("schemas", [])}:
        enabled = [schema["id"] for schema in sync["_schemas"] if schema["enabled"]]
        arguments["schemas"] = [id_ for id_ in enabled if id_.casefold() in chosen]
        if not arguments["schemas"]:
            return None
    if schedule.get("selective_mode") == "nonincrementalFields":
        arguments["fetch_mode"] = "full"
    if schedule.get("resync_mode", SCHEDULE_RESYNC_MODES[0]) != SCHEDULE_RESYNC_MODES[0]:
        arguments["resync_mode"] = schedule["resync_mode"]
    return arguments


def of(sync: JsonObject) -> list[JsonObject]:
    """Return all schedules of a sync, the default one first."""
    return [sync["default_schedule"], *sync["additional_schedules"]]


def show(sync: JsonObject, schedule: JsonObject) -> JsonObject:
    """Return a schedule in the shape of its own endpoints; the SDK does not list the ``id``."""
    return {
        "id": schedule["id"],
        "syncId": sync["id"],
        "isDefault": schedule["id"] == sync["default_schedule"]["id"],
        **{_CAMEL.get(part, part): schedule[part] for part in _PARTS},
        "schemas": schedule.get("schemas", []),
        "selectiveMode": schedule.get("selective_mode", SELECTIVE_MODES[0]),
        "syncMode": schedule.get("resync_mode", SCHEDULE_RESYNC_MODES[0]),
        "createdAt": schedule["created_at"],
        "createdBy": schedule["created_by"]["id"],
        "updatedAt": schedule["updated_at"],
        "updatedBy": schedule["updated_by"]["id"],
        "deletedAt": None,
        "deletedBy": None,
    }


def read(request: Mapping[str, Any]) -> JsonObject:
    """Return the stored shape of a request to a schedule's own endpoints."""
    parts = {part: request.get(_CAMEL.get(part, part)) for part in _PARTS}
    return parts | {"selective_mode": request.get("selectiveMode")}


def read_old(schedule: Mapping[str, Any]) -> JsonObject:
    """Return the stored shape of the one ``schedule`` of 2024-02-08.

    Of several, the first is the default one, and keeps ``multi`` as it was sent; the others are additional,
    with their ``item`` as selective mode.
    """
    multi = as_object(schedule.get("multi"))
    entries = [as_object(each) for each in as_list(multi.get("schedules"))]
    if schedule.get("frequency") != "multi" or not entries:
        return {"default_schedule": dict(schedule)}
    first, *others = entries
    return {
        "default_schedule": {**as_object(first.get("schedule")), "multi": multi},
        "additional_schedules": [
            {**as_object(each.get("schedule")), "selective_mode": each.get("item")} for each in others
        ],
    }


def show_old(sync: JsonObject) -> JsonObject:
    """Return the one ``schedule`` of 2024-02-08: as it was sent, if the schedules have not changed since.

    If there are several, it always has a ``type``.
    """
    multi = as_object(sync.get("_multi"))
    type_ = str(multi.get("type") or _MULTI_TYPE)
    sent = {"frequency": "multi", "multi": {**multi, "type": type_}}
    if multi and _comparable(read_old(sent)) == _comparable(sync):
        return sent
    default, *others = ({part: each[part] for part in _PARTS} for each in of(sync))
    if not others:
        return default
    modes = [each["selective_mode"] for each in sync["additional_schedules"]]
    first = "incrementalFields" if "nonincrementalFields" in modes else SELECTIVE_MODES[0]
    pairs = zip((first, *modes), (default, *others), strict=True)
    entries = [{"item": item, "schedule": schedule} for item, schedule in pairs]
    return {"frequency": "multi", "multi": {"type": type_, "schedules": entries}}


def _comparable(schedules: Mapping[str, Any]) -> list[list[Any]]:
    """Return what the 2024-02-08 shape can express of the default schedule and the additional ones."""
    additional = as_list(schedules.get("additional_schedules"))
    modes = [None, *(each.get("selective_mode") or SELECTIVE_MODES[0] for each in additional)]
    pairs = zip(modes, (schedules["default_schedule"], *additional), strict=True)
    return [[mode, *(each.get(part) for part in _PARTS)] for mode, each in pairs]
