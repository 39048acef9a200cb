"""Suggestions: the values that an argument of a prompt, or a variable of a resource template, can have."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.guides import Argument
from polytomic_mcp.protocol.listings import Listings
from polytomic_mcp.protocol.resources import LATEST
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import CONNECTION, SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of, items_of
from polytomic_mcp.tools.connections.connections import type_id
from polytomic_mcp.tools.syncs.target_creation import OBJECTS, target_objects
from polytomic_mcp.tools.syncs.targets import FIELDS, find_target, target_fields

_EXECUTIONS: Final = "GET /api/syncs/{sync_id}/executions"
_MODEL_SOURCE: Final = "GET /api/connections/{id}/modelsync/source"


@dataclass(frozen=True, slots=True)
class Question:
    """The argument to complete: its name, the form it belongs to, and the values entered so far."""

    caller: Caller
    listings: Listings
    form: Mapping[str, Argument]
    name: str
    filled: Mapping[str, str]

    @property
    def argument(self) -> Argument:
        """The argument itself."""
        return self.form[self.name]

    @property
    def owner(self) -> str:
        """The value of the argument that this one depends on; empty if it is not entered."""
        return self.filled.get(self.argument.of or "", "")

    @property
    def chosen(self) -> dict[str, list[str]]:
        """The databases and tables entered before this argument, as ``params`` of the API."""
        before = takewhile(lambda part: part[0] != self.name, self.form.items())
        return {
            name: [value]
            for name, part in before
            if part.completes in {"database", "table"} and (value := self.filled.get(name))
        }

    async def every(self, operation: str) -> list[JsonObject]:
        """Return the items of all pages of a listing."""
        return await self.listings.every(self.caller, operation)


async def suggestions(question: Question) -> list[str]:
    """Return the values to suggest: the choices, and those that Polytomic lists unless it refuses."""
    find_more = _SOURCES.get(question.argument.completes)
    try:
        found = await find_more(question) if find_more else []
    except (PolytomicError, ToolError):
        found = []
    return [*question.argument.choices, *found]


async def _connections(question: Question) -> list[str]:
    wanted = question.argument.type
    items = await question.every(CONNECTION.list)
    return _names(item for item in items if wanted in {None, type_id(item)})


async def _connection_types(question: Question) -> list[str]:
    return [item["id"] for item in await question.every("GET /api/connection_types")]


async def _targets(question: Question) -> list[str]:
    connection = await find(question.caller.api, CONNECTION, question.owner)
    return _names(items_of(OBJECTS, await target_objects(question.caller.api, connection["id"])))


async def _executions(question: Question) -> list[str]:
    """Return the ids of a sync's newest executions: one page, because no one types an older id."""
    sync = await find(question.caller.api, SYNC, question.owner)
    page = await question.caller.api.call(_EXECUTIONS, sync_id=sync["id"])
    return [LATEST, *(item["id"] for item in items_of(_EXECUTIONS, page))]


async def _operations(_: Question) -> list[str]:
    return sorted(load_catalogue())


async def _tables(question: Question) -> list[str]:
    """Return what the source lists under the argument's own name, or everything that it lists."""
    items = await _source(question)
    return items.get(question.name) or [value for listed in items.values() for value in listed]


async def _databases(question: Question) -> list[str]:
    items = await _source(question)
    return items.get(question.name) or _namespaces(value for listed in items.values() for value in listed)


async def _source(question: Question) -> dict[str, list[str]]:
    """Return what a model can read, by the name of the setting that accepts it."""
    connection = await find(question.caller.api, CONNECTION, question.owner)
    chosen = given(params=question.chosen or None)
    source = await data_of(question.caller.api, _MODEL_SOURCE, id=connection["id"], **chosen)
    offered = as_object(source.get("items"))
    offered.pop("tracking_columns", None)
    return {
        name: [value for value in as_list(as_object(part).get("items")) if isinstance(value, str)]
        for name, part in offered.items()
    }


async def _model_fields(question: Question) -> list[str]:
    """Return the columns of the selected table, and the fields of the models over the connection."""
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


async def _columns(question: Question, connection_id: str) -> list[JsonObject]:
    """Return the columns of the selected table; empty if none is selected or it cannot be read."""
    if not question.chosen:
        return []
    operation = f"{_MODEL_SOURCE}/fields"
    try:
        answer = await question.caller.api.call(operation, id=connection_id, params=question.chosen)
    except PolytomicError:
        return []
    return as_objects(as_object(answer).get("data"))


async def _target_fields(question: Question) -> list[str]:
    """Return the fields of the entered target; those that can be the identity come first."""
    api = question.caller.api
    owner = question.form[question.argument.of or ""].of
    connection = await find(api, CONNECTION, question.filled.get(owner or "", ""))
    target = await find_target(api, connection["id"], question.owner)
    answer = await target_fields(api, connection["id"], target=target["id"])
    fields = sorted(items_of(FIELDS, answer, "fields"), key=lambda item: not item.get("supports_identity"))
    return [field["id"] for field in fields]


async def _schemas(question: Question) -> list[str]:
    """Return the schemas of a destination's tables, whose ids are ``schema.table``."""
    connection = await find(question.caller.api, CONNECTION, question.owner)
    objects = items_of(OBJECTS, await target_objects(question.caller.api, connection["id"]))
    return _namespaces(item["id"] for item in objects)


def _namespaces(names: Iterable[str]) -> list[str]:
    return [name.split(".")[-2] for name in names if "." in name]


def _named(operation: str) -> Callable[[Question], Awaitable[list[str]]]:
    async def names(question: Question) -> list[str]:
        return _names(await question.every(operation))

    return names


def _names(items: Iterable[JsonObject]) -> list[str]:
    """Return names, sorted; the id of an object whose name is missing or not unique."""
    listed = list(items)
    holders = Counter(str(item.get("name") or "").casefold() for item in listed)
    own = (
        name if (name := str(item.get("name") or "")) and holders[name.casefold()] == 1 else item["id"]
        for item in listed
    )
    return sorted(own, key=str.casefold)


_SOURCES: Final[Mapping[str, Callable[[Question], Awaitable[list[str]]]]] = {
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
