"""Validation of a call's arguments, and the messages that say what is wrong with them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.common.spelling import nearest, quoted, valid_values

DEEPEST: Final = 64
"""How many levels deep an argument may be nested."""

_LARGEST_NUMBER: Final = 2**64
_LONGEST_NAME: Final = 80
_MOST_PROBLEMS: Final = 20
_REASONS: Final[Mapping[str, str]] = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_from_float": "must be an integer",
    "int_parsing": "must be an integer",
    "int_type": "must be an integer",
    "list_type": "must be a list",
    "missing": "is missing",
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "string_type": "must be a string",
}
"""Reasons by pydantic's type of error; pydantic's own messages name Python types and classes of ours."""


def refuse_unknown(arguments: Iterable[str], known: Sequence[str]) -> None:
    """Raise a ``ValueError`` that names each argument that the tool does not have."""
    wrong = [
        f"Unknown argument {quoted(name)}.{nearest(name, known)}" for name in arguments if name not in known
    ]
    if wrong:
        raise ValueError(f"{' '.join(wrong)} Valid arguments: {', '.join(known)}.")


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


def describe_errors(error: ValidationError, schema: Mapping[str, Any]) -> str:
    """Describe each invalid part, without its value: it may be a secret.

    ``schema`` is the schema that the caller was shown; it supplies the valid names.
    """
    problems = [
        f"{_path(problem['loc'])}: {_reason(problem['type'], problem['msg'], problem['loc'], schema)}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return " ".join(problems[:_MOST_PROBLEMS])


def _path(location: Sequence[int | str]) -> str:
    return ".".join(str(part)[:_LONGEST_NAME] for part in location)


def _reason(kind: str, message: str, location: Sequence[int | str], schema: Mapping[str, Any]) -> str:
    if kind == "extra_forbidden":
        return f"unknown name.{valid_values(str(location[-1]), _names(schema, location[:-1]))}"
    return f"{_REASONS.get(kind, message.removeprefix('Value error, '))}."


def _names(schema: Mapping[str, Any], location: Sequence[int | str]) -> list[str]:
    """Return the names that an object within the arguments accepts, according to the schema."""
    here = as_object(schema)
    for part in location:
        inner = here.get("items") if isinstance(part, int) else as_object(here.get("properties")).get(part)
        here = as_object(inner)
    return list(as_object(here.get("properties")))
