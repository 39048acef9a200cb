"""Validation: a call's arguments against the catalogue's schema of its operation.

The sandbox is stricter than the API promises to be: it refuses unknown arguments, so that a typo is caught
here and not in production, and objects without a visible name (choices). An update may repeat what only its
answer has (``read_only.py``).
"""

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

from polytomic_mcp.catalogue import Catalogue, Operation, Parameter
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.schema_problems import NOT_BLANK, UNKNOWN, invalid_arguments, list_problems

JUDGED_BY_ROUTE: Final = frozenset(
    {
        ("POST /api/connections", "configuration"),
        ("PUT /api/connections/{id}", "configuration"),
        ("POST /api/connections/test", "configuration"),
        ("POST /api/syncs", "fields"),
        ("PUT /api/syncs/{id}", "fields"),
    }
)
"""Required by the SDK, but absent in a published guide, or in what the Terraform provider sends."""

_DRAFTS: Final = (
    "POST /api/harbors/{harbor_id}/saved-queries",
    "PUT /api/harbors/{harbor_id}/saved-queries/{saved_query_id}/draft",
)
"""The operations that refuse unknown arguments with 400 (the SDK's docstrings)."""


class Validation:
    """The schemas of a catalogue's operations, each compiled at its first use."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._definitions = catalogue.definitions
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, operation: Operation, arguments: Mapping[str, Any]) -> None:
        """Validate arguments.

        Raises:
            RefusalError: 422, naming each argument that is missing, unknown or of the wrong type; 400 if the
                draft of a saved query has an unknown one.
        """
        problems = list_problems(self._validator(operation), arguments)
        if problems:
            is_unknown = any(reason.startswith(UNKNOWN) for _, reason in problems)
            is_bad = operation.id in _DRAFTS and is_unknown
            raise invalid_arguments(operation.id, problems, 400 if is_bad else 422)

    def _validator(self, operation: Operation) -> Draft202012Validator:
        if operation.id not in self._validators:
            self._validators[operation.id] = Draft202012Validator(_schema(operation, self._definitions))
        return self._validators[operation.id]


def _schema(operation: Operation, definitions: Mapping[str, Any]) -> JsonObject:
    return {
        "type": "object",
        "properties": {parameter.name: _schema_of(parameter) for parameter in operation.parameters},
        "required": [
            parameter.name
            for parameter in operation.parameters
            if parameter.required and (operation.id, parameter.name) not in JUDGED_BY_ROUTE
        ],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _schema_of(parameter: Parameter) -> Mapping[str, Any]:
    is_name = parameter.name == "name" and parameter.place == "body" and parameter.required
    return {**parameter.schema, "pattern": NOT_BLANK} if is_name else parameter.schema
