"""A sync as the API stores it: its identities, the fields of models that it reads, and its target."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects

NO_MODEL: Final = "00000000-0000-0000-0000-000000000000"
"""The model id that 2024-02-08 gives to constants, which have no source."""

_DATA: Final = frozenset({"configuration", "override", "override_value", "search_values", "value"})
_OLDER_FORMS: Final = {
    "identities": ("identity",),
    "model_filters": ("filters", "filter_logic"),
    "target_filters": ("filters", "filter_logic"),
}
"""The parts that the API answers in two forms, and the older form of each."""


def identities_of(body: JsonObject) -> list[JsonObject]:
    """Return the identities of a sync, in either form."""
    several = as_object(body.get("identities")).get("mappings")
    return as_objects([body.get("identity"), *as_list(several)])


def sources_of(value: Any) -> Iterator[JsonObject]:
    """Yield every source (a field of a model) at any depth of a body; skip the user's data."""
    source = as_object(value)
    if "model_id" in source:
        yield source
    for part in [*(part for name, part in source.items() if name not in _DATA), *as_list(value)]:
        yield from sources_of(part)


def target_of(sync: JsonObject) -> tuple[str, str]:
    """Return the connection and the object that a sync writes to; either is empty if it is not known.

    The sync may be whole, or as the list of syncs shows it.
    """
    target = as_object(sync.get("target"))
    connection_id = target.get("connection_id") or sync.get("target_connection_id")
    return str(connection_id or ""), str(target.get("object") or sync.get("target_object") or "")


def newer_form(sync: JsonObject) -> JsonObject:
    """Return a copy that keeps only the newer form of the parts that the API answers in two."""
    superseded = {old for new, olds in _OLDER_FORMS.items() if sync.get(new) for old in olds}
    return {name: deepcopy(part) for name, part in sync.items() if name not in superseded}
