"""What does not fit in a call's arguments, said in plain words: which part, and what it should be."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from polytomic_mcp.common.json_values import as_object
from polytomic_mcp.common.spelling import nearest

_LONGEST_NAME: Final = 80
_MOST: Final = 20
_WORDS: Final[Mapping[str, str]] = {
    "bool_parsing": "true or false is wanted",
    "bool_type": "true or false is wanted",
    "dict_type": "an object is wanted",
    "float_parsing": "a number is wanted",
    "float_type": "a number is wanted",
    "int_from_float": "a whole number is wanted",
    "int_parsing": "a whole number is wanted",
    "int_type": "a whole number is wanted",
    "list_type": "a list is wanted",
    "missing": "is missing",
    "model_attributes_type": "an object is wanted",
    "model_type": "an object is wanted",
    "string_type": "a text is wanted",
}
"""Pydantic's kinds of errors in our words; its own name classes of ours, and Python's types."""


def complaints_of(error: ValidationError, schema: Mapping[str, Any]) -> str:
    """Name each wrong part and what it should be, never its value: it may be a secret.

    ``schema`` is what the caller was shown of the arguments; it knows the right names.
    """
    told = [
        f"{_path(problem['loc'])}: {_reason(problem['type'], problem['msg'], problem['loc'], schema)}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return "; ".join(told[:_MOST])


def _path(location: Sequence[int | str]) -> str:
    return ".".join(str(part)[:_LONGEST_NAME] for part in location)


def _reason(kind: str, message: str, location: Sequence[int | str], schema: Mapping[str, Any]) -> str:
    if kind != "extra_forbidden":
        return _WORDS.get(kind, message.removeprefix("Value error, "))
    known = _names(schema, location[:-1])
    takes = f" It takes: {', '.join(known)}" if known else ""
    return f"is unknown.{nearest(str(location[-1]), known)}{takes}"


def _names(schema: Mapping[str, Any], location: Sequence[int | str]) -> list[str]:
    """Return the names that an object inside the arguments takes, as far as the schema tells."""
    here = as_object(schema)
    for part in location:
        inner = here.get("items") if isinstance(part, int) else as_object(here.get("properties")).get(part)
        here = as_object(inner)
    return list(as_object(here.get("properties")))
