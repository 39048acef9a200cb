"""What people call the target objects of some systems that hold members instead of records.

The API has one word for all of them, target object, and marks these by ``mappings_not_required`` (2025-09-18
SDK; the guide to Gong Engage). That nothing else of these systems has the mark is a guess.
"""

from collections.abc import Mapping
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.api_access.names import type_id

OTHERS: Final = "target object"
"""What all others are called."""

_KINDS: Final[Mapping[str, str]] = {"gong": "flow", "salesloft": "cadence"}
"""The word for such an object, by the id of the connection type."""

IN_ROWS: Final = (*_KINDS.values(), OTHERS.replace(" ", "_"))
"""All kinds, as rows that mix them with models and syncs have them."""


def kind_of(connection: JsonObject, target: JsonObject) -> str | None:
    """Return what people call a target, as the API answers it with its connection; None if just that."""
    is_held = as_object(target.get("properties")).get("mappings_not_required")
    return _KINDS.get(type_id(connection) or "") if is_held else None


def may_have_kind(connection: JsonObject) -> bool:
    """Whether some targets of a connection have a word of their own."""
    return type_id(connection) in _KINDS


def usual_kind(connection: JsonObject) -> str:
    """Return what most targets of a connection are called, where the target itself is not read."""
    return _KINDS.get(type_id(connection) or "", OTHERS)
