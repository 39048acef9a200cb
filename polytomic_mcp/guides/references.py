"""References in a guide's texts: ``{gong}``, ``{gong.id}``, ``{model.fields.0.name}``, ``{rows.*.email}``.

A name alone is the value of an argument of the guide. A name with a path is a value in the answer of an
earlier step: the path has the keys of objects and the indexes of lists, ``*`` for every item of a list,
``#`` for its length and ``@json`` to parse a text as JSON. An unknown name without a path is not a
reference and is left unchanged, such as the ``{id}`` of an operation.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.errors import PolytomicError

__all__ = ["REFERENCE", "ReferenceNotFoundError", "as_text", "fill", "replace", "without_empty"]

REFERENCE: Final = re.compile(r"\{(\w+)((?:\.(?:[\w-]+|\*|#|@json))*)\}")
_EACH: Final = "*"
_COUNT: Final = "#"
_JSON: Final = "@json"


class ReferenceNotFoundError(PolytomicError):
    """A reference to a value that no earlier answer has."""


def fill(value: Any, answers: Mapping[str, Any], values: Mapping[str, str]) -> Any:
    """Return a value with its references filled in, at any depth.

    A text that is one reference becomes the value itself, of whatever type.

    Raises:
        ReferenceNotFoundError: No earlier answer has the value.
    """

    def fill_text(text: str) -> Any:
        if (whole := REFERENCE.fullmatch(text)) and whole[2]:
            return _find(answers, whole)
        return _substitute(text, answers, values, str)

    return replace(value, fill_text)


def as_text(template: str, answers: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Return a sentence with its references filled in for a person to read.

    Raises:
        ReferenceNotFoundError: No earlier answer has the value.
    """
    return _substitute(template, answers, values, _readable)


def replace(value: Any, replace_text: Callable[[str], Any]) -> Any:
    """Return a JSON value with every text in it replaced, at any depth; the keys of objects are unchanged."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {key: replace(member, replace_text) for key, member in members.items()}
    if isinstance(value, list):
        return [replace(item, replace_text) for item in cast("list[Any]", value)]
    return replace_text(value) if isinstance(value, str) else value


def without_empty(value: Any) -> Any:
    """Return a JSON value without those members of its objects that are empty texts, at any depth."""
    if isinstance(value, list):
        return [without_empty(item) for item in as_list(value)]
    if isinstance(value, dict):
        return {name: without_empty(part) for name, part in as_object(value).items() if part != ""}
    return value


def _substitute(
    text: str, answers: Mapping[str, Any], values: Mapping[str, str], write: Callable[[Any], str]
) -> str:
    def found(reference: re.Match[str]) -> str:
        if reference[2]:
            return write(_find(answers, reference))
        return values.get(reference[1], reference[0])

    return REFERENCE.sub(found, text)


def _find(answers: Mapping[str, Any], reference: re.Match[str]) -> Any:
    try:
        return _follow(answers, [reference[1], *reference[2].removeprefix(".").split(".")])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ReferenceNotFoundError(f"No earlier answer has {reference[0]}.") from error


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


def _readable(value: Any) -> str:
    """Write a value for a person: 1,500 for 1500; counts with their names; a list with commas."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(map(_readable, cast("list[Any]", value))) or "none"
        case dict():
            counts = cast("dict[str, Any]", value)
            return (
                ", ".join(f"{_readable(count)} {name}" for name, count in counts.items() if count) or "none"
            )
        case _:
            return str(value)
