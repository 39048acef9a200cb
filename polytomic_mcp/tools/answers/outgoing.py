"""What goes out to a model: JSON that every reader of JSON reads alike.

Many readers hold a number in a double, in which integers beyond 2^53 lose digits, so those are text. Some
accept an array of arrays only to a limited depth, so what is nested deeper is JSON text. Nulls of data, such
as the cells of a row, are kept; nulls of the API's own objects say nothing and are left out.
"""

from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.answers.results import DATA

LARGEST_INTEGER: Final = 2**53 - 1
"""The largest integer that every reader of JSON reads exactly."""

DATA_NAMES: Final = frozenset(
    {
        "entries",
        "example",
        "examples",
        "override",
        "override_value",
        "record",
        "records",
        "results",
        "row",
        "rows",
        "value",
        "values",
    }
)
"""The members of the API's objects that hold data."""

_OWN_NULLS: Final = frozenset({"override", "override_value"})
"""The members whose null is a value."""

_NULL: Final[tuple[Any, ...]] = (None,)
_MOST_ARRAYS: Final = 3
"""How many arrays may be nested directly in one another."""


def outgoing(result: BaseModel, empty: tuple[Any, ...] = _NULL) -> JsonObject:
    """Return a result as JSON, without nulls except in data, and with large integers as text.

    A field that is annotated as data is data as a whole; elsewhere, what is under one of ``DATA_NAMES`` is. A
    field that is an integer by its annotation, such as a count, stays one. Of the API's own fields, which
    have no annotation, those that are ``empty`` are left out.
    """
    parts: JsonObject = {}
    for name, field in type(result).model_fields.items():
        value, is_data = getattr(result, name), DATA in field.metadata
        if value is None and not (is_data and field.annotation is Any):
            continue
        parts[name] = value if _is_counted(field) else as_data(value) if is_data else lean(value)
    return parts | lean(result.model_extra or {}, empty)


def lean(value: Any, empty: tuple[Any, ...] = _NULL) -> Any:
    """Return an API's value without the members that are ``empty``, at any depth except in data."""
    if isinstance(value, BaseModel):
        return outgoing(value)
    if isinstance(value, dict):
        members = {
            name: as_data(part) if name in DATA_NAMES else lean(part, empty)
            for name, part in as_object(value).items()
        }
        return {name: part for name, part in members.items() if part not in empty or name in _OWN_NULLS}
    return [lean(part, empty) for part in as_list(value)] if isinstance(value, list) else as_data(value)


def as_data(value: Any) -> Any:
    """Return a value with large integers as text, at any depth; its nulls are kept."""
    if isinstance(value, dict):
        return {name: as_data(part) for name, part in as_object(value).items()}
    if isinstance(value, list):
        return [as_data(part) for part in as_list(value)]
    return str(value) if isinstance(value, int) and abs(value) > LARGEST_INTEGER else value


def shallow(value: Any, arrays: int = 0) -> Any:
    """Return a value in which an array that is nested in more than three arrays is JSON text."""
    if isinstance(value, dict):
        return {name: shallow(part) for name, part in as_object(value).items()}
    if not isinstance(value, list):
        return value
    if arrays == _MOST_ARRAYS:
        return to_json(value).decode()
    return [shallow(part, arrays + 1) for part in as_list(value)]


def _is_counted(field: FieldInfo) -> bool:
    """Return whether a field is an integer, or an object of integers, by its annotation."""
    kinds = [field.annotation, *get_args(field.annotation)]
    return any(kind is int or int in get_args(kind) for kind in kinds)
