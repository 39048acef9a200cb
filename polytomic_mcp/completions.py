"""Completions: what could stand in a prompt's argument or in an address, as one types it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final
from weakref import WeakKeyDictionary

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CompleteRequestParams, CompleteResult, Completion, PromptReference

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.guides import Argument, Guide
from polytomic_mcp.resources import LATEST
from polytomic_mcp.tools.answers import items_of
from polytomic_mcp.tools.arguments import caller_of
from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.connections import type_id
from polytomic_mcp.tools.json_values import JsonObject
from polytomic_mcp.tools.names import CONNECTION, SYNC, every, find
from polytomic_mcp.tools.targets import target_objects

_FRESH: Final = 10.0
_MOST: Final = 100
"""How many values the protocol lets one completion hold."""

_VARIABLES: Final[Mapping[str, Argument]] = {
    "connection_id": Argument("connection"),
    "model_id": Argument("model"),
    "sync_id": Argument("sync"),
    "bulk_sync_id": Argument("bulk_sync"),
    "execution_id": Argument("execution", of="sync_id"),
    "operation": Argument("operation"),
    "type": Argument("connection_type"),
}
"""The variables of resource templates."""


class _Listings:
    """What was listed a moment ago: whoever types asks for the same list with every key."""

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[Polytomic, dict[str, tuple[float, list[JsonObject]]]]
        self._seen = WeakKeyDictionary()

    async def every(self, caller: Caller, operation: str) -> list[JsonObject]:
        """Return what all pages of a listing hold, as it was at most ten seconds ago."""
        seen = self._seen.setdefault(caller.api, {})
        when, items = seen.get(operation, (-inf, []))
        if caller.now() - when > _FRESH:
            items = await every(caller.api, operation)
            seen[operation] = caller.now(), items
        return items


@dataclass(frozen=True, slots=True)
class _Question:
    """Which values are wanted: for what argument, and what the one holds that it depends on."""

    caller: Caller
    listings: _Listings
    argument: Argument
    owner: str

    async def every(self, operation: str) -> list[JsonObject]:
        return await self.listings.every(self.caller, operation)


def register(server: Server[Caller], guides: Mapping[str, Guide]) -> None:
    """Complete the arguments of these guides' prompts, and the variables of the resource templates."""
    listings = _Listings()

    async def complete(
        request: ServerRequestContext[Caller, Any], params: CompleteRequestParams
    ) -> CompleteResult:
        form = _form(params, guides)
        values: list[str] = []
        if argument := form.get(params.argument.name):
            defaults = {name: part.default or "" for name, part in form.items()}
            given = defaults | ((params.context.arguments if params.context else None) or {})
            caller = await caller_of(Context(request_context=request))
            question = _Question(caller, listings, argument, given.get(argument.of or "", ""))
            values = await _values(question)
        return CompleteResult(completion=_completion(values, params.argument.value))

    server.add_request_handler("completion/complete", CompleteRequestParams, complete)


def _form(params: CompleteRequestParams, guides: Mapping[str, Guide]) -> Mapping[str, Argument]:
    """Return what there is to fill in, by name."""
    if isinstance(params.ref, PromptReference):
        guide = guides.get(params.ref.name)
        return guide.arguments if guide else {}
    return _VARIABLES


async def _values(question: _Question) -> list[str]:
    """Return all that could stand there; nothing where Polytomic does not say."""
    try:
        return await _SOURCES[question.argument.completes](question)
    except (PolytomicError, ToolError):
        return []


def _completion(values: Iterable[str], typed: str) -> Completion:
    """Choose what fits what was typed, ignoring case: first what begins with it, then what contains it."""
    wanted = typed.casefold()
    fitting = [value for value in dict.fromkeys(values) if wanted in value.casefold()]
    fitting.sort(key=lambda value: not value.casefold().startswith(wanted))
    return Completion(values=fitting[:_MOST], total=len(fitting), has_more=len(fitting) > _MOST)


async def _connections(question: _Question) -> list[str]:
    wanted = question.argument.type
    items = await question.every(CONNECTION.list)
    return _names(item for item in items if wanted in {None, type_id(item)})


async def _connection_types(question: _Question) -> list[str]:
    return [item["id"] for item in await question.every("GET /api/connection_types")]


async def _targets(question: _Question) -> list[str]:
    connection = await find(question.caller.api, CONNECTION, question.owner)
    return _names(items_of(await target_objects(question.caller.api, connection["id"])))


async def _executions(question: _Question) -> list[str]:
    """Return the ids of a sync's newest executions: one page, since nobody types an older one by heart."""
    sync = await find(question.caller.api, SYNC, question.owner)
    page = await question.caller.api.call("GET /api/syncs/{sync_id}/executions", sync_id=sync["id"])
    return [LATEST, *(item["id"] for item in items_of(page))]


async def _operations(_: _Question) -> list[str]:
    return sorted(load_catalogue())


async def _choices(question: _Question) -> list[str]:
    return list(question.argument.choices)


def _named(operation: str) -> Callable[[_Question], Awaitable[list[str]]]:
    async def names(question: _Question) -> list[str]:
        return _names(await question.every(operation))

    return names


def _names(items: Iterable[JsonObject]) -> list[str]:
    """Return names in their order; an id stands for an object without a name of its own."""
    listed = list(items)
    holders = Counter(str(item.get("name") or "").casefold() for item in listed)
    own = (
        name if (name := str(item.get("name") or "")) and holders[name.casefold()] == 1 else item["id"]
        for item in listed
    )
    return sorted(own, key=str.casefold)


_SOURCES: Final[Mapping[str, Callable[[_Question], Awaitable[list[str]]]]] = {
    "bulk_sync": _named("GET /api/bulk/syncs"),
    "choice": _choices,
    "connection": _connections,
    "connection_type": _connection_types,
    "execution": _executions,
    "model": _named("GET /api/models"),
    "operation": _operations,
    "sync": _named(SYNC.list),
    "target": _targets,
}
