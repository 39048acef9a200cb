"""JSON Pointers (RFC 6901): the name of one place in a JSON value."""

import re
from typing import Any, Final

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.common.spelling import nearest, quoted

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_MOST_NAMES: Final = 20


def escaped(name: str) -> str:
    """Write a member's name as a part of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def parts_of(pointer: str) -> list[str]:
    """Return the names a pointer goes through."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def resolve(value: Any, pointer: str) -> Any:
    """Return what a pointer names; an empty one names the whole.

    Raises:
        ValueError: It names nothing; the text goes on after the pointer's name and says what there is.
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
        raise ValueError(f"names no item {quoted(name)}; {here} is a list of {len(items)}")
    members = as_object(value)
    if name in members:
        return members[name]
    known = ", ".join(list(members)[:_MOST_NAMES]) or "nothing"
    raise ValueError(f"names nothing at {quoted(name)}.{nearest(name, members)} In {here}: {known}")
