"""What a person is asked before an operation destroys something."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.tools.json_values import JsonObject, as_list, as_object

_NOT_SHOWN: Final = frozenset({"body", "headers"})
"""Members that may hold secrets."""

_LONGEST: Final = 500


class Consent(BaseModel):
    """The form a person answers."""

    proceed: Annotated[bool, Field(title="Yes, do it", description="This cannot be undone.")] = False


def question(operation: Operation, arguments: JsonObject) -> str:
    """Ask about one call: what it does, and what it is given."""
    given = json.dumps(_shown(arguments), ensure_ascii=False)
    more = "…" if len(given) > _LONGEST else ""
    return f"{operation.id}\n{operation.summary}\nWith: {given[:_LONGEST]}{more}\nReally do it?"


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        members: Mapping[str, Any] = as_object(value)
        return {name: "…" if name in _NOT_SHOWN else _shown(part) for name, part in members.items()}
    return [_shown(part) for part in as_list(value)] if isinstance(value, list) else value
