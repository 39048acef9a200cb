"""The parts of the API's answers that the tools compute with, and the kind of value that each must be.

Parts that the tools only pass on are not listed. Every part may be missing or null.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import as_list, as_object

Shape = type | Mapping[str, Any] | tuple[Any]
"""A kind of value; the members of an object, ``*`` for every other one; or what a list is of, in a tuple."""

_KINDS: Final[Mapping[type, str]] = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "a text",
}
_SOURCE: Final[Shape] = {"model_id": str, "field": str}
_MAPPING: Final[Shape] = {"source": _SOURCE, "target": str, "function": str}
_SCHEDULE: Final[Shape] = {
    "frequency": str,
    "connection_id": str,
    "run_after": {"sync_ids": (str,), "bulk_sync_ids": (str,)},
}
_SYNC: Final[Shape] = {
    "name": str,
    "mode": str,
    "schedule": _SCHEDULE,
    "target": {"connection_id": str, "object": str},
    "target_connection_id": str,
    "target_object": str,
    "fields": (_MAPPING,),
    "identity": _MAPPING,
    "identities": {"mappings": (_MAPPING,)},
    "model_ids": (str,),
    "override_fields": (_MAPPING,),
    "overrides": ({"field": _SOURCE, "field_id": str},),
    "model_filters": {"conditions": (dict,)},
    "target_filters": {"conditions": (dict,)},
    "filters": (dict,),
    "problems": (dict,),
}
_BULK_SYNC: Final[Shape] = {
    "name": str,
    "mode": str,
    "source_connection_id": str,
    "destination_connection_id": str,
    "schedule": _SCHEDULE,
    "schedules": (dict,),
    "default_schedule": _SCHEDULE,
    "additional_schedules": (_SCHEDULE,),
}
_MODEL: Final[Shape] = {
    "name": str,
    "connection_id": str,
    "configuration": dict,
    "fields": ({"id": str, "name": str, "type": str},),
    "relations": ({"from": str, "to": {"model_id": str, "field": str}},),
    "tracking_columns": (str,),
    "enricher": {"connection_id": str},
}
_CONNECTION: Final[Shape] = {"name": str, "status": str, "configuration": dict}
_EXECUTION: Final[Mapping[str, Any]] = {
    "status": str,
    "type": str,
    "counts": {"*": int},
    "errors": list,
    "record_count": int,
    "error_count": int,
    "warning_count": int,
}
_BULK_EXECUTION: Final[Shape] = {
    **_EXECUTION,
    "schemas": (
        {
            "schema": str,
            "output_name": str,
            "status": str,
            "record_count": int,
            "error_count": int,
            "warning_count": int,
        },
    ),
}
_TARGET: Final[Shape] = {
    "modes": (dict,),
    "fields": ({"type": str, "values": list, "identity_functions": (dict,)},),
}
_SHAPES: Final[Mapping[str, Shape]] = {
    "GET /api/bulk/syncs": _BULK_SYNC,
    "GET /api/bulk/syncs/{id}": _BULK_SYNC,
    "GET /api/bulk/syncs/{id}/executions": _BULK_EXECUTION,
    "GET /api/bulk/syncs/{id}/executions/{exec_id}": _BULK_EXECUTION,
    "POST /api/bulk/syncs/{id}/executions": _BULK_EXECUTION,
    "GET /api/connections": _CONNECTION,
    "GET /api/connections/{id}": _CONNECTION,
    "GET /api/connections/{id}/modelsync/target/fields": _TARGET,
    "GET /api/models": _MODEL,
    "GET /api/models/{id}": _MODEL,
    "GET /api/syncs": _SYNC,
    "GET /api/syncs/{id}": _SYNC,
    "GET /api/syncs/{sync_id}/executions": _EXECUTION,
    "GET /api/syncs/{sync_id}/executions/{id}": _EXECUTION,
    "POST /api/syncs/{id}/executions": _EXECUTION,
}


def misfit(operation: str, item: Any) -> tuple[str, str, str] | None:
    """Return the path of a part of an answer that is of the wrong kind, its kind, and the right kind."""
    return next(_misfits(_SHAPES.get(operation, dict), item, ""), None)


def kind_of(value: Any) -> str:
    """Name the kind of a JSON value."""
    return "null" if value is None else _KINDS[type(value)]


def _misfits(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    kind = shape if isinstance(shape, type) else list if isinstance(shape, tuple) else dict
    if value is None:
        return
    if type(value) is not kind:
        yield path, kind_of(value), _KINDS[kind]
    elif isinstance(shape, Mapping):
        for name, part in as_object(value).items():
            if inner := shape.get(name, shape.get("*")):
                yield from _misfits(inner, part, f"{path}.{name}" if path else name)
    elif isinstance(shape, tuple):
        for index, part in enumerate(as_list(value)):
            yield from _misfits(shape[0], part, f"{path}[{index}]")
