"""The names of connections beside their ids, each in a key of its own."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from pydantic import BaseModel

from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.api_access.names import CONNECTION, every

_KEYS: Final[Mapping[str, str]] = {
    "connection_id": "connection_name",
    "source_connection_id": "source_name",
    "destination_connection_id": "destination_name",
    "target_connection_id": "target_name",
}
"""The keys of connections' ids, and the key that each name gets."""


async def add_connection_names(api: Polytomic, results: Sequence[BaseModel]) -> None:
    """Add the name of each connection whose id is in one of the results, all with one request.

    The results keep additional fields. Names that cannot be read are left out: they are a courtesy.
    """
    named = [(result, key) for result in results for key in _KEYS if getattr(result, key, None)]
    if not named:
        return
    with suppress(PolytomicError):
        names = {item["id"]: item.get("name") for item in await every(api, CONNECTION.list)}
        for result, key in named:
            if name := names.get(getattr(result, key)):
                setattr(result, _KEYS[key], name)
