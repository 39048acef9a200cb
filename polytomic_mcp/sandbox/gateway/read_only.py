"""What only an answer has: an update may send it back, as the API's documentation tells callers to.

"Fetch the current sync, change it, and send the complete object back" includes ``created_at``, ``updated_by``
and the like, which no request has as an argument. A Harbor's updates refuse unknown names, as documented.
"""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.catalogue.responses import load_responses
from polytomic_mcp.common.json_values import JsonObject, as_object

_STRICT: Final = "/api/harbors/"


def without_read_only(operation: Operation, arguments: JsonObject) -> JsonObject:
    """Return an update's arguments without those that only an answer has; other operations' unchanged."""
    if operation.method != "PUT" or operation.path.startswith(_STRICT):
        return arguments
    known = {parameter.name for parameter in operation.parameters}
    ignored = (_answered(operation.id) | _answered(f"GET {operation.path}")) - known
    return {name: value for name, value in arguments.items() if name not in ignored}


def _answered(operation: str) -> set[str]:
    """Return the names of the members of an operation's answer; none if it answers no object."""
    envelope = _members(load_responses().schemas.get(operation))
    return set(_members(envelope.get("data")))


def _members(schema: Mapping[str, Any] | None) -> JsonObject:
    """Return the members of an object's schema, or of the one that it refers to, which may be null."""
    found = as_object(schema)
    if "anyOf" in found:
        found = found["anyOf"][0]
    if "$ref" in found:
        found = load_responses().definitions[found["$ref"].rpartition("/")[2]]
    return as_object(found.get("properties"))
