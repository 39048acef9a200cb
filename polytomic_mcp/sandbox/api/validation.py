"""Whether a call's arguments fit their operation: the catalogue's schemas, enforced.

The sandbox is stricter than the API promises to be: an argument it does not know is refused, so
that a typo is caught here and not in production (a choice). Values never appear in a message.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from jsonschema import Draft202012Validator

from polytomic_mcp.catalogue import Catalogue, Operation
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError

MOST_PROBLEMS: Final = 20
_LONGEST_NAME: Final = 80
_NULL: Final = {"type": "null"}

JUDGED_BY_ROUTE: Final = frozenset({("POST /api/syncs", "fields"), ("PUT /api/syncs/{id}", "fields")})
"""Required by the SDK and absent in a published guide: whether it may be depends on the target."""

Problem = tuple[str, str]
"""An argument's dotted name, and what is wrong with it."""


class Validation:
    """The schemas of a catalogue's operations, each compiled when first needed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._definitions = catalogue.definitions
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, operation: Operation, arguments: Mapping[str, Any]) -> None:
        """Return if every argument fits.

        Raises:
            RefusalError: 422, naming each argument that is missing, unknown or of the wrong type.
        """
        problems = _listed(self._validator(operation), arguments)
        if problems:
            raise unfit(operation.id, problems)

    def _validator(self, operation: Operation) -> Draft202012Validator:
        if operation.id not in self._validators:
            self._validators[operation.id] = Draft202012Validator(_schema(operation, self._definitions))
        return self._validators[operation.id]


def find_problems(schema: JsonObject, value: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a value, by dotted name; nothing for one that fits."""
    return _listed(Draft202012Validator(schema), value)


def unfit(operation: str, problems: list[Problem]) -> RefusalError:
    """Return the 422 that lists what is wrong with a call's arguments."""
    listed = "; ".join(f"{name} {problem}" for name, problem in problems)
    return RefusalError(
        422,
        f"{operation}: {listed}.",
        key="validation_failed",
        metadata={"problems": [{"argument": name, "problem": problem} for name, problem in problems]},
    )


def _listed(validator: Any, value: Mapping[str, Any]) -> list[Problem]:
    found = (problem for error in validator.iter_errors(value) for problem in _problems(error))
    return list(dict.fromkeys(found))[:MOST_PROBLEMS]  # jsonschema names each missing one on its own


def _schema(operation: Operation, definitions: Mapping[str, Any]) -> JsonObject:
    return {
        "type": "object",
        "properties": {parameter.name: parameter.schema for parameter in operation.parameters},
        "required": [
            parameter.name
            for parameter in operation.parameters
            if parameter.required and (operation.id, parameter.name) not in JUDGED_BY_ROUTE
        ],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _problems(error: Any) -> Iterator[Problem]:
    """Say in our words what jsonschema found; its own message would show the value."""
    place = ".".join(str(part)[:_LONGEST_NAME] for part in error.absolute_path)
    rule: Any = error.validator_value
    match error.validator:
        case "required":
            yield from ((_join(place, name), "is missing") for name in rule if name not in error.instance)
        case "additionalProperties":
            known: Mapping[str, Any] = error.schema["properties"]
            unknown = [name[:_LONGEST_NAME] for name in error.instance if name not in known]
            yield from ((_join(place, name), _unknown(name, known)) for name in unknown)
        case "type":
            yield place, f"must be of type {rule if isinstance(rule, str) else ' or '.join(rule)}"
        case "enum":
            yield place, f"must be one of: {', '.join(map(str, rule))}"
        case "anyOf" if _is_nullable(rule):
            yield from (
                problem for cause in error.context if cause.schema != _NULL for problem in _problems(cause)
            )
        case _:
            yield place, "has a form that the operation does not take"


def _is_nullable(forms: list[Any]) -> bool:
    return len(forms) == 2 and _NULL in forms  # noqa: PLR2004 - one form, or null


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"it takes {', '.join(known) or 'no arguments'}"
    return f"is no argument of this operation ({hint})"
