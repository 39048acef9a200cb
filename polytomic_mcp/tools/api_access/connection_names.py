"""The names of connections beside their ids, each in a key of its own."""

from collections.abc import Mapping
from typing import Final

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.api_access.names import CONNECTION, names_by_id

_KEYS: Final[Mapping[str, str]] = {
    "connection_id": "connection_name",
    "source_connection_id": "source_name",
    "destination_connection_id": "destination_name",
    "target_connection_id": "target_connection_name",
}
"""The keys of connections' ids, and the key that each name gets."""


async def connection_names(api: Polytomic) -> dict[str, str]:
    """Return the names of all connections by id; none if they cannot be read."""
    return await names_by_id(api, CONNECTION)


def with_names(item: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """Return an item with the name of each connection whose id it has."""
    return item | {name: names[item[id_]] for id_, name in _KEYS.items() if item.get(id_) in names}
