"""Masks the secrets in what a demo shows."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

MASK: Final = "********"

_SECRET: Final = re.compile(
    r"passw|secret|api_?key|access_key|service_account|(?<!page_)token$|consumer_key", re.IGNORECASE
)
_HEADER: Final = "header"
_CREATES_KEY: Final = "create_api_key"
_VALUE: Final = "value"


def masked(value: Any) -> Any:
    """Return a value with its secrets, which are recognized by name, masked at any depth."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {name: _masked_member(name, member) for name, member in members.items()}
    if isinstance(value, list):
        return [masked(item) for item in cast("list[Any]", value)]
    return value


def masked_answer(tool: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool's answer with its secrets masked, among them a new API key, which is named ``value``."""
    shown = masked(answer)
    return shown | {_VALUE: MASK} if tool == _CREATES_KEY and _VALUE in shown else shown


def _masked_member(name: str, value: Any) -> Any:
    if isinstance(value, str) and value and _SECRET.search(name):
        return MASK
    if name == _HEADER and isinstance(value, Mapping):
        return {**masked(value), _VALUE: MASK}
    return masked(value)
