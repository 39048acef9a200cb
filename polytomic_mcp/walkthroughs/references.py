"""References to earlier answers: ``{gong.id}``, ``{model.fields.0.name}``, ``{preview.rows.*.email}``.

A reference is a name, then the way into its answer: the key of an object, the place in a list, ``*`` for
every item of a list, ``#`` for how many it has, ``@json`` for what a text of JSON says. What has no dot,
such as the ``{id}`` of an operation, is none.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from polytomic_mcp.errors import PolytomicError

__all__ = ["ReferenceNotFoundError", "filled", "text"]

_REFERENCE: Final = re.compile(r"\{(\w+(?:\.(?:[\w-]+|\*|#|@json))+)\}")
_EACH: Final = "*"
_COUNT: Final = "#"
_JSON: Final = "@json"


class ReferenceNotFoundError(PolytomicError):
    """No earlier answer has what is referred to."""


def filled(value: Any, answers: Mapping[str, Any]) -> Any:
    """Return a value with its references filled in, at any depth; one that stands alone keeps its type."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {key: filled(member, answers) for key, member in members.items()}
    if isinstance(value, list):
        return [filled(item, answers) for item in cast("list[Any]", value)]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    return _find(answers, whole[1]) if whole else _REFERENCE.sub(partial(_written, answers, str), value)


def text(template: str, answers: Mapping[str, Any]) -> str:
    """Return a sentence with its references filled in as a person reads them."""
    return _REFERENCE.sub(partial(_written, answers, _read), template)


def _written(answers: Mapping[str, Any], write: Any, reference: re.Match[str]) -> str:
    return write(_find(answers, reference[1]))


def _find(answers: Mapping[str, Any], reference: str) -> Any:
    try:
        return _follow(answers, reference.split("."))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ReferenceNotFoundError(f"{{{reference}}} is in no earlier answer.") from error


def _follow(value: Any, path: Sequence[str]) -> Any:
    if not path:
        return value
    first, *rest = path
    if first == _COUNT:
        return len(value)
    if first == _JSON:
        return _follow(json.loads(value), rest)
    if first == _EACH:
        found = [_follow(item, rest) for item in value]
        return [item for items in found for item in items] if _EACH in rest else found
    return _follow(value[int(first)] if isinstance(value, list) else value[first], rest)


def _read(value: Any) -> str:
    """Write a value for a person: thousands set apart, counts with their names, a list with commas."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(map(_read, cast("list[Any]", value))) or "none"
        case dict():
            counts = cast("dict[str, Any]", value)
            return ", ".join(f"{_read(count)} {name}" for name, count in counts.items() if count) or "none"
        case _:
            return str(value)
