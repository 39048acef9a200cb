"""Arguments as callers send them, read by the types that a tool declares, at every depth.

Some hosts send JSON text for an object or a list, a number for a text, or a text for a number. What is
declared as ``Any`` is data, and is never parsed.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from polytomic_mcp.common.json_values import as_list, as_object, is_number
from polytomic_mcp.common.spelling import canonical

DEEPEST: Final = 64
"""How many levels deep an argument may be nested."""

_LARGEST_NUMBER: Final = 2**64
_STRING_OR_TRAILING_COMMA: Final = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


def read(annotation: Any, value: Any) -> Any:
    """Return a value with JSON text parsed and numbers written as text, wherever the type requires it.

    One of several fixed words is taken in any case.

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
        return [read(item, part) for part in as_list(value)]
    if isinstance(value, dict):
        return {name: read(_member(types, name), part) for name, part in as_object(value).items()}
    return value


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
