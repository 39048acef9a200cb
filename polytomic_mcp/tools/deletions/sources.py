"""The sources of a sync: the fields of models that it reads, wherever they stand in it."""

from collections.abc import Iterator
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object

NO_MODEL: Final = "00000000-0000-0000-0000-000000000000"
"""The model id that 2024-02-08 gives to constants, which have no source."""

USER_DATA: Final = frozenset({"configuration", "override", "override_value", "search_values", "value"})
"""The parts of a sync that hold the user's own values, whatever their names inside look like."""


def objects_of(value: Any) -> Iterator[JsonObject]:
    """Yield every object at any depth of a sync or a part of it; skip the user's data."""
    if isinstance(value, dict):
        yield as_object(value)
    members = (part for name, part in as_object(value).items() if name not in USER_DATA)
    for part in [*members, *as_list(value)]:
        yield from objects_of(part)


def sources_of(value: Any) -> Iterator[JsonObject]:
    """Yield every source (a field of a model) at any depth."""
    return (each for each in objects_of(value) if "model_id" in each)


def model_ids_of(value: Any) -> list[str]:
    """Return the ids of the models that a sync, or a part of one, refers to: each once, in their order."""
    ids = (str(source["model_id"]) for source in sources_of(value) if source["model_id"])
    return [id_ for id_ in dict.fromkeys(ids) if id_ != NO_MODEL]
