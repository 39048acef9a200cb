"""An operation's arguments, read and validated before anything is sent.

The catalogue's schema judges all operations; of those that typed tools also call, their request models do
too. Both read an argument first: JSON text where an object or a list is required, numbers as text and text
as numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import valid_values
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.framework.validation import path_of
from polytomic_mcp.tools.operations.requests import model_of, problems_of, read_as
from polytomic_mcp.tools.operations.schemas import forms_of, read_by, types_of, validator

_MOST_PROBLEMS: Final = 20
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "object": "an object",
}


def validated(operation: Operation, arguments: Mapping[str, Any]) -> JsonObject:
    """Return the arguments to send: null is JSON null in a body, and omitted elsewhere.

    Raises:
        Refusal: Arguments are missing, unknown or of the wrong type; the text names each, without its value.
    """
    elsewhere = {parameter.name for parameter in operation.parameters if parameter.place != "body"}
    kept = {name: part for name, part in arguments.items() if part is not None or name not in elsewhere}
    problems: dict[str, str] = {}
    sent = _read(operation, kept, problems)
    if not problems:
        problems |= _wrong(validator(operation.id).iter_errors(sent))
        if (model := model_of(operation.id)) is not None:
            problems = problems_of(model, operation, sent) | problems
    if problems:
        raise _refusal(operation, [f"{path}: {reason}" for path, reason in problems.items()])
    return sent


def _refusal(operation: Operation, problems: list[str]) -> Refusal:
    more = f" And {len(problems) - _MOST_PROBLEMS} more." if len(problems) > _MOST_PROBLEMS else ""
    return Refusal(
        f"{operation.id}: {' '.join(problems[:_MOST_PROBLEMS])}{more} Nothing was sent.",
        NextStep(
            tool="find_operations",
            arguments={"query": operation.id, "detail": "schema", "limit": 1},
            reason="Shows its arguments",
        ),
    )


def _read(operation: Operation, arguments: JsonObject, problems: dict[str, str]) -> JsonObject:
    """Return the arguments as their types require them; add a problem for each that JSON cannot represent."""
    model = model_of(operation.id)
    schemas = {parameter.name: parameter.schema for parameter in operation.parameters}
    sent: JsonObject = {}
    for name, value in arguments.items():
        try:
            part = value if model is None else read_as(model, name, value)
            sent[name] = read_by(schemas.get(name, {}), part)
        except ValueError as error:
            problems[path_of([name])] = f"{error}."
    return sent


def _wrong(errors: Iterable[Any]) -> dict[str, str]:
    """Return what is wrong by path; of several problems of one part, the first."""
    found: dict[str, str] = {}
    for error in errors:
        for path, reason in _problems(error):
            found.setdefault(path, reason)
    return found


def _problems(error: Any) -> Iterator[tuple[str, str]]:
    """Yield the path of each wrong part and the reason; jsonschema's own message would show the value."""
    place: list[int | str] = list(error.absolute_path)
    match error.validator:
        case "required":
            missing = (name for name in error.validator_value if name not in error.instance)
            yield from ((path_of([*place, name]), "is missing.") for name in missing)
        case "additionalProperties":
            known = as_object(error.schema["properties"])
            for name in error.instance:
                if name not in known:
                    yield path_of([*place, name]), f"unknown name.{valid_values(name, known)}"
        case "anyOf":
            yield from _of_alternatives(error, path_of(place))
        case _:
            yield path_of(place), f"must be {_kinds([error.schema])}."


def _of_alternatives(error: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the alternative that was meant, or else which alternatives exist."""
    meant: dict[int, list[Any]] = {}
    for cause in error.context:
        meant.setdefault(cause.schema_path[0], []).append(cause)
    near = [causes for causes in meant.values() if not any(_is_other_type(cause) for cause in causes)]
    if len(near) == 1:
        yield from (problem for cause in near[0] for problem in _problems(cause))
    else:
        yield path, f"must be {_kinds(error.validator_value)}."


def _is_other_type(cause: Any) -> bool:
    return cause.validator == "type" and not cause.path


def _kinds(schemas: Iterable[Mapping[str, Any]]) -> str:
    types = [type_ for schema in schemas for form in forms_of(schema) for type_ in types_of(form)]
    return " or ".join(_TYPES.get(type_, f"a {type_}") for type_ in dict.fromkeys(types))
