"""JSON as the API answers it, read without trusting its shape."""

from typing import Any, cast

JsonObject = dict[str, Any]


def as_object(value: Any) -> JsonObject:
    """Return a JSON object as it is, and anything else as an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a JSON array as it is, and anything else as an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_objects(value: Any) -> list[JsonObject]:
    """Return the objects of a JSON array; anything else is an empty one."""
    return [cast("JsonObject", item) for item in as_list(value) if isinstance(item, dict)]
