"""What people call the target objects of some systems that hold members instead of records.

The API has one word for all of them, target object, and marks these by ``mappings_not_required`` (2025-09-18
SDK; the guide to Gong Engage). That nothing else of these systems has the mark is a guess.
"""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import as_object

OTHERS: Final = "target object"
"""What all others are called."""

_KINDS: Final[Mapping[str, str]] = {"gong": "flow", "salesloft": "cadence"}
"""The word for such an object, by the id of the connection type."""

IN_ROWS: Final = (*_KINDS.values(), OTHERS.replace(" ", "_"))
"""All kinds, as rows that mix them with models and syncs have them."""


def kind_of(connection: Mapping[str, Any], target: Mapping[str, Any]) -> str | None:
    """Return what people call a target, as the API answers it with its connection; None if just that."""
    is_held = as_object(target.get("properties")).get("mappings_not_required")
    return _KINDS.get(_type_of(connection)) if is_held else None


def may_have_kind(connection: Mapping[str, Any]) -> bool:
    """Whether some targets of a connection have a word of their own."""
    return _type_of(connection) in _KINDS


def usual_kind(connection: Mapping[str, Any]) -> str:
    """Return what most targets of a connection are called, where the target itself is not read."""
    return _KINDS.get(_type_of(connection), OTHERS)


def _type_of(connection: Mapping[str, Any]) -> str:
    """Return the id of a connection's type, which the API answers alone or in an object."""
    type_ = connection.get("type")
    return str(as_object(type_).get("id") if isinstance(type_, dict) else type_)
