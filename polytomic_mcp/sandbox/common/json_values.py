"""Typed views of JSON values: an object's members, an array's items, every text within."""

from collections.abc import Iterator
from typing import Any, cast

JsonObject = dict[str, Any]


def members(value: Any) -> JsonObject:
    """Return an object's members; nothing for any other value."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Return an array's items; nothing for any other value."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def parts(value: Any) -> list[Any]:
    """Return the values one level below: an object's or an array's; nothing for a leaf."""
    return [*members(value).values(), *items(value)]


def texts(value: Any) -> Iterator[str]:
    """Yield every text of a value, however deep; the names of members are not among them."""
    if isinstance(value, str):
        yield value
    for part in parts(value):
        yield from texts(part)
