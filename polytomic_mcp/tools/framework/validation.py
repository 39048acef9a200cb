"""Validation of a call's arguments, and the messages that say what is wrong with them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from polytomic_mcp.common.spelling import nearest, quoted, valid_values
from polytomic_mcp.tools.framework.reading import names_at

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


def describe_errors(error: ValidationError, model: Any = Any) -> str:
    """Describe each invalid part, without its value: it may be a secret.

    ``model`` is the type that was validated; it supplies the valid names.
    """
    problems = [
        f"{path_of(problem['loc'])}: {_reason(problem['type'], problem['msg'], problem['loc'], model)}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return " ".join(problems[:_MOST_PROBLEMS])


def path_of(location: Iterable[int | str]) -> str:
    """Return a path such as ``fields[0].target``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:_LONGEST_NAME]}" for part in location)
    return "".join(parts).removeprefix(".")


def _reason(kind: str, message: str, location: Sequence[int | str], model: Any) -> str:
    if kind == "extra_forbidden":
        return f"unknown name.{valid_values(str(location[-1]), names_at(model, location[:-1]))}"
    return f"{_REASONS.get(kind, message.removeprefix('Value error, ')).removesuffix('.')}."
