"""Arguments as callers send them, read by the types that a tool declares, at every depth.

Some hosts send JSON text for an object or a list, a number for a text, or a text for a number. What is
declared as ``Any`` is data, and is never parsed.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, is_number
from polytomic_mcp.common.spelling import canonical

DEEPEST: Final = 64
"""How many levels deep an argument may be nested."""

_LARGEST_NUMBER: Final = 2**64
_STRING_OR_TRAILING_COMMA: Final = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


def read(annotation: Any, value: Any, *, is_stored: bool = False) -> Any:
    """Return a value with JSON text parsed and numbers written as text, wherever the type requires it.

    One of several fixed words is taken in any case, and so are names, unless the API stored the value.

    Raises:
        ValueError: JSON cannot represent the value, or it is too deep; the text follows the argument's name.
    """
    types = list(branches(annotation))
    if isinstance(value, str):
        value = _parsed(types, value)
    elif is_number(value) and types == [str]:
        return str(value)
    if isinstance(value, list):
        item = next((get_args(each)[0] for each in types if get_origin(each) is list), Any)
        return [read(item, part, is_stored=is_stored) for part in as_list(value)]
    if isinstance(value, dict):
        members = as_object(value) if is_stored else _respelled(types, as_object(value))
        return {name: read(_member(types, name), part, is_stored=is_stored) for name, part in members.items()}
    return value


def respelled(members: Mapping[str, Any], known: Iterable[str]) -> JsonObject:
    """Return members under the known names that theirs spell, such as ``connectionId``; others unchanged.

    Nothing is renamed to a name that is there already.
    """
    names = list(known)
    right = {name: name if name in names else canonical(name, names) or name for name in members}
    taken = list(right.values())
    return {right[name] if taken.count(right[name]) == 1 else name: part for name, part in members.items()}


def read_json(text: str) -> Any:
    """Return the object or list that a text is as JSON; else the text. A trailing comma is tolerated.

    Raises:
        ValueError: JSON cannot represent the value; the text follows the argument's name.
    """
    try:
        parsed = json.loads(_STRING_OR_TRAILING_COMMA.sub(lambda match: match[1] or "", text))
    except (ValueError, RecursionError):
        return text
    if not isinstance(parsed, dict | list):
        return text
    refuse_unsendable(parsed)
    return cast("Any", parsed)


def refuse_unsendable(value: Any) -> None:
    """Raise a ``ValueError`` if JSON cannot represent a value; the text follows the argument's name."""
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"is nested deeper than {DEEPEST} levels")
        if isinstance(part, str):
            _refuse_surrogates(part)
        elif isinstance(part, int | float) and not (math.isfinite(part) and abs(part) < _LARGEST_NUMBER):
            raise ValueError("contains a number that JSON cannot represent")
        members = as_object(part)
        waiting += [(inner, depth + 1) for inner in [*members, *members.values(), *as_list(part)]]


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("contains an unpaired surrogate, which is not valid text") from None


def branches(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation allows, without null and without metadata."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from branches(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from branches(each)
    elif annotation is not NoneType:
        yield annotation


def names_at(annotation: Any, location: Sequence[int | str]) -> list[str]:
    """Return the names that the object at a place within a type accepts; none if they are free."""
    for part in location:
        types = list(branches(annotation))
        if isinstance(part, int):
            annotation = next((get_args(each)[0] for each in types if get_origin(each) is list), Any)
        else:
            annotation = _member(types, part)
    return [name for each in branches(annotation) if _is_model(each) for name in wire_fields(each)]


def wire_fields(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Return a model's fields by the names that callers and the API use."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _parsed(types: list[Any], text: str) -> Any:
    """Parse a text if an object or a list is required, and text is not; spell a fixed word as declared."""
    words = [word for each in types if get_origin(each) is Literal for word in get_args(each)]
    if words:
        return canonical(text, words) or text
    is_text = any(each in (str, Any) for each in types)
    is_json = any(get_origin(each) in (list, dict) or _is_model(each) for each in types)
    return read_json(text) if is_json and not is_text else text


def _respelled(types: list[Any], members: JsonObject) -> JsonObject:
    """Return the members of an object under the names that its type declares."""
    model = next((each for each in types if _is_model(each)), None)
    if model is None:
        return members
    older = [name for info in wire_fields(model).values() for name in _older_names(info) if name in members]
    return respelled(members, [*older, *wire_fields(model)])


def _member(types: list[Any], name: str) -> Any:
    """Return the type of an object's member; ``Any`` if it is not known."""
    for each in types:
        if _is_model(each):
            for known, info in wire_fields(each).items():
                if name in (known, *_older_names(info)):
                    return info.annotation
        if get_origin(each) is dict:
            return get_args(each)[1]
    return Any


def _older_names(info: FieldInfo) -> list[Any]:
    """Return the names of a field that callers may still use."""
    aliases = info.validation_alias
    return aliases.choices if isinstance(aliases, AliasChoices) else []


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, BaseModel)
