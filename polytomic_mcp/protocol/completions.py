"""Completions: what could stand in a prompt's argument or in an address, as one types it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
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
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.guides import Argument, load_guides
from polytomic_mcp.protocol.resources import LATEST
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import CONNECTION, SYNC, every, find
from polytomic_mcp.tools.api_access.responses import data_of, items_of
from polytomic_mcp.tools.connections.connections import type_id
from polytomic_mcp.tools.framework.arguments import caller_of
from polytomic_mcp.tools.syncs.targets import find_target, target_fields, target_objects

_MODEL_SOURCE: Final = "GET /api/connections/{id}/modelsync/source"
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
    """Which values are wanted: for which part of what form, and what was filled in so far."""

    caller: Caller
    listings: _Listings
    form: Mapping[str, Argument]
    name: str
    filled: Mapping[str, str]

    @property
    def argument(self) -> Argument:
        return self.form[self.name]

    @property
    def owner(self) -> str:
        """What the part holds that this one depends on."""
        return self.filled.get(self.argument.of or "", "")

    @property
    def chosen(self) -> dict[str, list[str]]:
        """What to read was filled in before this part, in the words of the API's ``params``."""
        before = takewhile(lambda part: part[0] != self.name, self.form.items())
        return {
            name: [value]
            for name, part in before
            if part.completes in {"database", "table"} and (value := self.filled.get(name))
        }

    async def every(self, operation: str) -> list[JsonObject]:
        return await self.listings.every(self.caller, operation)


def register(server: Server[Caller]) -> None:
    """Complete the arguments of these guides' prompts, and the variables of the resource templates."""
    listings = _Listings()

    async def complete(
        request: ServerRequestContext[Caller, Any], params: CompleteRequestParams
    ) -> CompleteResult:
        form = _form(params)
        values: list[str] = []
        if params.argument.name in form:
            defaults = {name: part.default or "" for name, part in form.items()}
            filled = defaults | ((params.context.arguments if params.context else None) or {})
            caller = await caller_of(Context(request_context=request))
            values = await _values(_Question(caller, listings, form, params.argument.name, filled))
        return CompleteResult(completion=_completion(values, params.argument.value))

    server.add_request_handler("completion/complete", CompleteRequestParams, complete)


def _form(params: CompleteRequestParams) -> Mapping[str, Argument]:
    """Return what there is to fill in, by name."""
    if isinstance(params.ref, PromptReference):
        guide = load_guides().get(params.ref.name)
        return guide.arguments if guide else {}
    return _VARIABLES


async def _values(question: _Question) -> list[str]:
    """Return all that could stand there; the choices alone where Polytomic does not say more."""
    find_more = _SOURCES.get(question.argument.completes)
    try:
        found = await find_more(question) if find_more else []
    except (PolytomicError, ToolError):
        found = []
    return [*question.argument.choices, *found]


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


async def _tables(question: _Question) -> list[str]:
    """Return what the connection's source offers under the argument's own name, or else all it offers."""
    items = await _source(question)
    return items.get(question.name) or [value for listed in items.values() for value in listed]


async def _databases(question: _Question) -> list[str]:
    items = await _source(question)
    return items.get(question.name) or _namespaces(value for listed in items.values() for value in listed)


async def _source(question: _Question) -> dict[str, list[str]]:
    """Return what a model can read there, by the name of the setting that takes it."""
    connection = await find(question.caller.api, CONNECTION, question.owner)
    chosen = given(params=question.chosen or None)
    source = await data_of(question.caller.api, _MODEL_SOURCE, id=connection["id"], **chosen)
    offered = as_object(source.get("items"))
    offered.pop("tracking_columns", None)
    return {
        name: [value for value in as_list(as_object(part).get("items")) if isinstance(value, str)]
        for name, part in offered.items()
    }


async def _model_fields(question: _Question) -> list[str]:
    """Return the columns of what is to be read, and those of the models over the connection."""
    connection = await find(question.caller.api, CONNECTION, question.owner)
    models = await question.every("GET /api/models")
    stored = [
        field
        for model in models
        if model.get("connection_id") == connection["id"]
        for field in as_objects(model.get("fields"))
    ]
    columns = await _columns(question, connection["id"])
    return [field["name"] for field in [*columns, *stored] if isinstance(field.get("name"), str)]


async def _columns(question: _Question, connection_id: str) -> list[JsonObject]:
    """Return the columns of the table that was chosen; none where that cannot be read, or none was."""
    if not question.chosen:
        return []
    operation = f"{_MODEL_SOURCE}/fields"
    try:
        answer = await question.caller.api.call(operation, id=connection_id, params=question.chosen)
    except PolytomicError:
        return []
    return as_objects(as_object(answer).get("data"))


async def _target_fields(question: _Question) -> list[str]:
    """Return the fields of the target that is filled in, those first that can be the identity."""
    api = question.caller.api
    owner = question.form[question.argument.of or ""].of
    connection = await find(api, CONNECTION, question.filled.get(owner or "", ""))
    target = await find_target(api, connection["id"], question.owner)
    answer = await target_fields(api, connection["id"], target=target["id"])
    fields = sorted(
        items_of({"data": answer.get("fields")}), key=lambda item: not item.get("supports_identity")
    )
    return [field["id"] for field in fields]


async def _schemas(question: _Question) -> list[str]:
    """Return the schemas of a destination's tables, whose ids are ``schema.table``."""
    connection = await find(question.caller.api, CONNECTION, question.owner)
    objects = items_of(await target_objects(question.caller.api, connection["id"]))
    return _namespaces(item["id"] for item in objects)


def _namespaces(names: Iterable[str]) -> list[str]:
    return [name.split(".")[-2] for name in names if "." in name]


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
    "connection": _connections,
    "connection_type": _connection_types,
    "database": _databases,
    "execution": _executions,
    "model": _named("GET /api/models"),
    "model_field": _model_fields,
    "operation": _operations,
    "schema": _schemas,
    "sync": _named(SYNC.list),
    "table": _tables,
    "target": _targets,
    "target_field": _target_fields,
}
