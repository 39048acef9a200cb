"""What is wrong with a value according to its JSON Schema, in messages that never contain the value."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import valid_values
from polytomic_mcp.sandbox.common.refusals import RefusalError

MOST_PROBLEMS: Final = 20
NOT_BLANK: Final = r"\S"
"""The pattern of a text that has a visible character."""

UNKNOWN: Final = "is not an argument of this operation"
"""How the problem of an unknown argument begins."""

_LONGEST_NAME: Final = 80
_NULL: Final = {"type": "null"}

Problem = tuple[str, str]
"""An argument's dotted name, and what is wrong with it."""


def find_problems(schema: JsonObject, value: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a value; an empty list if it fits."""
    return list_problems(Draft202012Validator(schema), value)


def list_problems(validator: Draft202012Validator, value: Mapping[str, Any]) -> list[Problem]:
    """Return what a compiled schema finds wrong with a value, up to ``MOST_PROBLEMS``."""
    errors: Any = validator
    found = (problem for error in errors.iter_errors(value) for problem in _problems(error))
    return list(dict.fromkeys(found))[:MOST_PROBLEMS]  # jsonschema reports each missing one separately


def invalid_arguments(operation: str, problems: list[Problem], status: int = 422) -> RefusalError:
    """Return the refusal that lists what is wrong with a call's arguments."""
    listed = "; ".join(f"{name} {problem}" for name, problem in problems)
    return RefusalError(
        status,
        f"{operation}: {listed}.",
        key="validation_failed",
        metadata={"problems": [{"argument": name, "problem": problem} for name, problem in problems]},
    )


def _problems(error: Any) -> Iterator[Problem]:
    """Describe an error of jsonschema, whose own message would contain the value."""
    place = ".".join(str(part)[:_LONGEST_NAME] for part in error.absolute_path)
    rule: Any = error.validator_value
    match error.validator:
        case "required":
            yield from ((_join(place, name), "is missing") for name in rule if name not in error.instance)
        case "additionalProperties":
            known: Mapping[str, Any] = error.schema["properties"]
            names = [name[:_LONGEST_NAME] for name in error.instance if name not in known]
            yield from ((_join(place, name), _unknown(name, known)) for name in names)
        case "type":
            yield place, f"must be of type {rule if isinstance(rule, str) else ' or '.join(rule)}"
        case "enum":
            yield place, f"must be one of: {', '.join(map(str, rule))}"
        case "pattern" if rule == NOT_BLANK:
            yield place, "must not be blank"
        case "anyOf" if _is_nullable(rule):
            yield from (
                problem for cause in error.context if cause.schema != _NULL for problem in _problems(cause)
            )
        case _:
            yield place, "has a form that the operation does not accept"


def _is_nullable(forms: list[Any]) -> bool:
    return len(forms) == 2 and _NULL in forms  # noqa: PLR2004 - one form, or null


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    return f"{UNKNOWN}.{valid_values(name, known).removesuffix('.')}"
