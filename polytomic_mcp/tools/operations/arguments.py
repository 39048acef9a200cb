"""An operation's arguments, validated against the catalogue's schema before anything is sent."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from polytomic_mcp.catalogue import Operation, load_catalogue
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.tools.answers.results import NextStep, Refusal

_MOST_PROBLEMS: Final = 20
_LONGEST_NAME: Final = 80
_NULL: Final = {"type": "null"}


def validated(operation: Operation, arguments: Mapping[str, Any]) -> JsonObject:
    """Return the arguments to send: null is JSON null in a body, and omitted elsewhere.

    Raises:
        Refusal: Arguments are missing, unknown or of the wrong type; the text names each, without its value.
    """
    elsewhere = {parameter.name for parameter in operation.parameters if parameter.place != "body"}
    kept = {name: part for name, part in arguments.items() if part is not None or name not in elsewhere}
    errors = _validator(operation.id).iter_errors(kept)
    found = list(dict.fromkeys(problem for error in errors for problem in _problems(error)))
    if not found:
        return kept
    more = f"; and {len(found) - _MOST_PROBLEMS} more" if len(found) > _MOST_PROBLEMS else ""
    raise Refusal(
        f"{operation.id}: {'; '.join(found[:_MOST_PROBLEMS])}{more}. Nothing was sent.",
        NextStep(
            tool="find_operations",
            arguments={"query": operation.id, "detail": "schema", "limit": 1},
            reason="Shows its arguments",
        ),
    )


@cache
def _validator(operation_id: str) -> Any:
    """Compile the schema of an operation; jsonschema is imported when it is first needed."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - costs 60 ms, and few sessions need it

    parameters = load_catalogue()[operation_id].parameters
    schema = {
        "type": "object",
        "properties": {parameter.name: parameter.schema for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.required],
    }
    return Draft202012Validator(_closed(schema) | {"$defs": _definitions()})


@cache
def _definitions() -> Any:
    return _closed(load_catalogue().definitions)


def _closed(schema: Any) -> Any:
    """Return the schema with unknown members forbidden in every object that lists its properties."""
    if isinstance(schema, list):
        return [_closed(part) for part in as_list(schema)]
    if not isinstance(schema, dict):
        return schema
    parts = as_object(schema)
    closed = {name: _closed(part) for name, part in parts.items()}
    is_schema = isinstance(parts.get("properties"), dict) and parts.get("type") == "object"
    return closed | {"additionalProperties": False} if is_schema else closed


def _problems(error: Any) -> Iterator[str]:
    """Yield a description of an error; jsonschema's own message would show the value."""
    place = "".join(f"/{str(part)[:_LONGEST_NAME]}" for part in error.absolute_path).removeprefix("/")
    rule: Any = error.validator_value
    match error.validator:
        case "required":
            yield from (f"{_within(place, name)} is missing" for name in rule if name not in error.instance)
        case "additionalProperties":
            known = as_object(error.schema["properties"])
            for name in error.instance:
                if name not in known:
                    yield f"{_within(place, quoted(name))} is unknown.{_hint(name, known)}"
        case "anyOf":
            yield from _of_alternatives(error, place)
        case _:
            yield f"{place} must be {_type(error.schema)}"


def _of_alternatives(error: Any, place: str) -> Iterator[str]:
    """Yield what is wrong with the alternative that was meant, or else which alternatives exist."""
    meant: dict[int, list[Any]] = {}
    for cause in error.context:
        meant.setdefault(cause.schema_path[0], []).append(cause)
    near = [causes for causes in meant.values() if not any(_is_other_type(cause) for cause in causes)]
    if len(near) == 1:
        yield from (problem for cause in near[0] for problem in _problems(cause))
    else:
        forms = [_type(form) for form in error.validator_value if form != _NULL]
        yield f"{place} must be {' or '.join(forms)}"


def _is_other_type(cause: Any) -> bool:
    return cause.validator == "type" and not cause.path


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object")  # a reference is to an object
    names = [name for name in ([kind] if isinstance(kind, str) else as_list(kind)) if name != "null"]
    return " or ".join(f"an {name}" if name[0] in "aeiou" else f"a {name}" for name in names)


def _hint(name: str, known: Mapping[str, Any]) -> str:
    return valid_values(name, known).removesuffix(".")


def _within(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name
