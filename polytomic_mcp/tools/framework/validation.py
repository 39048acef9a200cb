"""Validation of a call's arguments, and the messages that say what is wrong with them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from polytomic_mcp.common.spelling import nearest, quoted, valid_values
from polytomic_mcp.tools.framework.reading import names_at

_LONGEST_NAME: Final = 80
_MOST_PROBLEMS: Final = 20
_UNKNOWN_NAME: Final = "extra_forbidden"
_NO_OBJECT: Final = frozenset({"model_attributes_type", "model_type"})
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


def describe_errors(error: ValidationError, model: Any = Any) -> str:
    """Describe each invalid part, without its value: it may be a secret.

    ``model`` is the type that was validated; it supplies the valid names.
    """
    problems = (
        ": ".join(problem_of(problem, model))
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return " ".join(islice(problems, _MOST_PROBLEMS))


def problem_of(problem: ErrorDetails, model: Any = Any) -> tuple[str, str]:
    """Return the path of an invalid part and what is wrong with it, without its value."""
    return path_of(problem["loc"]), _reason(problem["type"], problem["msg"], problem["loc"], model)


def is_of_shape(problem: ErrorDetails) -> bool:
    """Whether the problem is one of names and types, not of what a value may be."""
    return problem["type"] in {*_REASONS, _UNKNOWN_NAME}


def path_of(location: Iterable[int | str]) -> str:
    """Return a path such as ``fields[0].target``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:_LONGEST_NAME]}" for part in location)
    return "".join(parts).removeprefix(".")


def _reason(kind: str, message: str, location: Sequence[int | str], model: Any) -> str:
    if kind == _UNKNOWN_NAME:
        return f"unknown name.{valid_values(str(location[-1]), names_at(model, location[:-1]))}"
    if kind in _NO_OBJECT and (names := names_at(model, location)):
        return f"must be an object with {', '.join(names)}."
    own = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{_REASONS.get(kind, own).removesuffix('.')}."
