"""Listings of the API, cached for ten seconds: completions need the same one at every keystroke."""

from math import inf
from typing import Final
from weakref import WeakKeyDictionary

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import every

_FRESH_SECONDS: Final = 10.0


class Listings:
    """The listings that each caller read recently."""

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[Polytomic, dict[str, tuple[float, list[JsonObject]]]]
        self._seen = WeakKeyDictionary()

    async def every(self, caller: Caller, operation: str) -> list[JsonObject]:
        """Return the items of all pages of a listing, at most ten seconds old."""
        seen = self._seen.setdefault(caller.api, {})
        when, items = seen.get(operation, (-inf, []))
        if caller.now() - when > _FRESH_SECONDS:
            items = await every(caller.api, operation)
            seen[operation] = caller.now(), items
        return items
