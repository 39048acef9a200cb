"""Partial updates for an API whose PUT replaces the whole object: read, merge, write, compare."""

from collections.abc import Iterable, Mapping
from typing import Any

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.results import Change


def writable(operation: str, stored: Mapping[str, Any]) -> JsonObject:
    """Return the fields of a stored object that the operation's body accepts, without nulls."""
    parameters = load_catalogue().find(operation).parameters
    names = [parameter.name for parameter in parameters if parameter.place == "body"]
    return {name: stored[name] for name in names if stored.get(name) is not None}


def given(**arguments: Any) -> JsonObject:
    """Return the arguments that are not None: to a tool, null and absent mean the same."""
    return {name: value for name, value in arguments.items() if value is not None}


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Change]:
    """Return which of the named fields differ, with both values, sorted by name."""
    return {
        name: Change(before=before.get(name), after=after.get(name))
        for name in sorted({*names})
        if before.get(name) != after.get(name)
    }
