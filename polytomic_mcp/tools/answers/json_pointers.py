"""JSON Pointers (RFC 6901): the path of one part of a JSON value."""

import re
from typing import Any, Final

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.common.spelling import quoted, valid_values

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


def escaped(name: str) -> str:
    """Escape a member's name for use in a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def parts_of(pointer: str) -> list[str]:
    """Return the names in a pointer, from the outermost to the innermost."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def resolve(value: Any, pointer: str) -> Any:
    """Return the part that a pointer refers to; an empty pointer refers to the whole value.

    Raises:
        ValueError: The part does not exist. The text follows the pointer and lists what exists there.
    """
    if pointer and not pointer.startswith("/"):
        raise ValueError("must start with a slash, as in /data/0/name")
    here = ""
    for name in parts_of(pointer):
        value = _step(value, name, here or "the answer")
        here = f"{here}/{escaped(name)}"
    return value


def _step(value: Any, name: str, here: str) -> Any:
    if isinstance(value, list):
        items = as_list(value)
        if _INDEX.fullmatch(name) and int(name) < len(items):
            return items[int(name)]
        raise ValueError(f"refers to no item {quoted(name)}; {here} is a list of {len(items)} items")
    members = as_object(value)
    if name in members:
        return members[name]
    raise ValueError(f"has an unknown name {quoted(name)} in {here}.{valid_values(name, members)}")
