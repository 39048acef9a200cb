"""Secrets of a demo, masked before anybody sees them."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

MASK: Final = "********"

_SECRET: Final = re.compile(
    r"passw|secret|(^|[._])(access_|auth_|refresh_)?token$|api_?key|access_key|service_account"
)
_KEYS: Final = frozenset({"create_api_key"})
"""Tools whose answer's ``value`` is a secret."""


def masked(value: Any) -> Any:
    """Return a value whose secrets, told by their names, are masked at any depth."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {name: _masked_member(name, member) for name, member in members.items()}
    if isinstance(value, list):
        return [masked(item) for item in cast("list[Any]", value)]
    return value


def masked_answer(tool: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool's answer as it may be shown."""
    shown = masked(answer)
    return shown | {"value": MASK} if tool in _KEYS and "value" in shown else shown


def _masked_member(name: str, value: Any) -> Any:
    return MASK if isinstance(value, str) and value and _SECRET.search(name.lower()) else masked(value)
