"""JSON as it was read: objects, lists and texts of a value whose shape is not known."""

from collections.abc import Iterator
from typing import Any, cast

JsonObject = dict[str, Any]

AnyJson = Any
"""Any JSON value, unchanged. Tool definitions describe it as a choice of types."""


def as_object(value: Any) -> JsonObject:
    """Return a JSON object unchanged; an empty one for any other value."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a JSON array unchanged; an empty one for any other value."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_objects(value: Any) -> list[JsonObject]:
    """Return the objects of a JSON array; an empty list for any other value."""
    return [cast("JsonObject", item) for item in as_list(value) if isinstance(item, dict)]


def is_number(value: Any) -> bool:
    """Return whether a JSON value is a number. In Python, true and false are integers too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def children(value: Any) -> list[Any]:
    """Return the values one level down in an object or array; an empty list for any other value."""
    return [*as_object(value).values(), *as_list(value)]


def texts(value: Any) -> Iterator[str]:
    """Yield every string in a value, at any depth; the keys of objects are not included."""
    if isinstance(value, str):
        yield value
    for child in children(value):
        yield from texts(child)
