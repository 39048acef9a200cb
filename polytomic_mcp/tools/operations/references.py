"""Names in an operation's arguments, replaced by the ids of the objects that they refer to."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.api_access.names import (
    BULK_SYNC,
    CONNECTION,
    MODEL,
    SYNC,
    Noun,
    every,
    find,
    fitting_items,
    is_id,
)

_NOUNS: Final[Mapping[str, Noun]] = {
    "connection_id": CONNECTION,
    "source_connection_id": CONNECTION,
    "destination_connection_id": CONNECTION,
    "target_connection_id": CONNECTION,
    "model_id": MODEL,
    "sync_ids": SYNC,
    "bulk_sync_ids": BULK_SYNC,
}
"""What the arguments refer to, wherever they stand."""

_PATHS: Final[Mapping[str, Noun]] = {
    "/api/connections/": CONNECTION,
    "/api/models/": MODEL,
    "/api/syncs/": SYNC,
    "/api/bulk/syncs/": BULK_SYNC,
}
"""What the first argument of a path refers to, by what stands before it."""

_DATA: Final = frozenset({"body", "configuration", "headers", "value"})


async def with_ids(api: Polytomic, operation: Operation, arguments: JsonObject) -> JsonObject:
    """Return the arguments with ids for the exact names of connections, models and syncs.

    What no object is named like is left unchanged, for the API to judge.

    Raises:
        ToolError: Several objects have a name; the text lists them.
    """
    before, _, after = operation.path.partition("{")
    subject = {after.partition("}")[0]: _PATHS[before]} if before in _PATHS else {}
    return as_object(await _Names(api, _NOUNS | subject).replaced(arguments, None))


@dataclass(frozen=True, slots=True)
class _Names:
    """Looks names up in lists, each of which is read once; ``nouns`` are the kinds by argument."""

    api: Polytomic
    nouns: Mapping[str, Noun]
    _lists: dict[Noun, list[JsonObject]] = field(default_factory=dict[Noun, list[JsonObject]])

    async def replaced(self, value: Any, noun: Noun | None) -> Any:
        if isinstance(value, dict):
            members = as_object(value)
            return {
                name: part if name in _DATA else await self.replaced(part, self.nouns.get(name))
                for name, part in members.items()
            }
        if isinstance(value, list):
            return [await self.replaced(item, noun) for item in as_list(value)]
        return value if noun is None or not isinstance(value, str) else await self._id_of(noun, value)

    async def _id_of(self, noun: Noun, reference: str) -> str:
        if is_id(reference):
            return reference
        if noun not in self._lists:
            self._lists[noun] = []
            with suppress(PolytomicError):  # the API itself judges the argument then
                self._lists[noun] = await every(self.api, noun.list)
        fitting = fitting_items(self._lists[noun], reference)
        if len(fitting) > 1:
            return (await find(self.api, noun, reference))["id"]
        return fitting[0]["id"] if fitting else reference
