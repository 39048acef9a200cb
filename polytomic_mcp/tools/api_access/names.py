"""Objects found by their id or by their exact name."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.errors import NotFoundError, PolytomicError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.responses import Items, data_of, identified, items_of

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CANDIDATES: Final = 8


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of object: how to get one and list all, the tool that shows them, and the key of their name."""

    name: str
    get: str
    list: str
    tool: str
    label: str = "name"

    @property
    def plural(self) -> str:
        """The plural of the kind's name."""
        return f"{self.name.removesuffix('y')}ies" if self.name.endswith("y") else f"{self.name}s"

    @property
    def argument(self) -> str:
        """The name of the argument that takes an object of this kind."""
        return f"{self.name.replace(' ', '_')}_id"

    @property
    def getter(self) -> str:
        """The tool that gets one object of this kind."""
        return f"get_{self.name.replace(' ', '_')}"

    def named(self, item: JsonObject) -> JsonObject:
        """Return an item of this kind with its name under ``name``."""
        return item | {"name": item.get(self.label)}


CONNECTION: Final = Noun(
    "connection", "GET /api/connections/{id}", "GET /api/connections", "list_connections"
)
MODEL: Final = Noun("model", "GET /api/models/{id}", "GET /api/models", "list_models")
SYNC: Final = Noun("sync", "GET /api/syncs/{id}", "GET /api/syncs", "list_syncs")
BULK_SYNC: Final = Noun("bulk sync", "GET /api/bulk/syncs/{id}", "GET /api/bulk/syncs", "list_bulk_syncs")
ORGANIZATION: Final = Noun(
    "organization", "GET /api/organizations/{id}", "GET /api/organizations", "get_organization"
)
ROLE: Final = Noun("role", "GET /api/permissions/roles/{id}", "GET /api/permissions/roles", "list_roles")
POLICY: Final = Noun(
    "policy", "GET /api/permissions/policies/{id}", "GET /api/permissions/policies", "list_policies"
)
USER: Final = Noun(
    "user", "GET /api/organization/users/{id}", "GET /api/organization/users", "list_users", "email"
)
USER_ELSEWHERE: Final = Noun(
    "user",
    "GET /api/organizations/{org_id}/users/{id}",
    "GET /api/organizations/{org_id}/users",
    "list_users",
    "email",
)
WEBHOOK: Final = Noun("webhook", "GET /api/webhooks/{id}", "GET /api/webhooks", "list_webhooks", "endpoint")

_PIPELINE: Final = (CONNECTION, MODEL, SYNC, BULK_SYNC)
"""The kinds that callers confuse: where one does not have a name, the others are searched."""


async def find(api: Polytomic, noun: Noun, reference: str, **within: str) -> JsonObject:
    """Return the full object with that id or, ignoring case, that exact name.

    ``within`` is what the kind's operations need besides an id: the ``org_id`` of a user.

    Raises:
        ToolError: No object matches, or several do; the text lists the candidates.
    """
    if is_id(reference):
        try:
            return await _get(api, noun, reference.lower(), **within)
        except NotFoundError:
            raise await _unknown(api, noun, reference, **within) from None
    items = [noun.named(item) for item in await every(api, noun.list, **within)]
    fitting = fitting_items(items, reference)
    if len(fitting) == 1:
        return await _get(api, noun, fitting[0]["id"], **within)
    if fitting:
        raise _ambiguous(noun, reference, fitting)
    raise await _unknown(api, noun, reference, **within)


async def named(api: Polytomic, noun: Noun, name: str) -> list[JsonObject]:
    """Return the objects of that name, ignoring case, on the first page of the list of their kind."""
    page = await api.call(noun.list)
    return [item for item in map(noun.named, items_of(noun.list, page)) if _is_named(item, name)]


def is_id(reference: str) -> bool:
    """Return whether a text has the form of an id, in any case; the API writes ids in lower case."""
    return _UUID.fullmatch(reference) is not None


async def every(api: Polytomic, operation: str, **arguments: Any) -> Items:
    """Return the items of all pages of a list."""
    found = Items(operation=operation)
    async for page in api.pages(operation, **arguments):
        items = items_of(operation, page)
        found += items
        found.left_out += items.left_out
    return found


async def names_by_id(api: Polytomic, noun: Noun) -> dict[str, str]:
    """Return the names of all objects of a kind by id; none if they cannot be read: they are extra."""
    try:
        return {item["id"]: str(item["name"]) for item in await every(api, noun.list) if item.get("name")}
    except PolytomicError:
        return {}


def type_id(connection: JsonObject) -> str | None:
    """Return the id of a connection's type, which the API answers as an object or as text."""
    kind = connection.get("type")
    return as_object(kind).get("id") if isinstance(kind, dict) else kind


def fitting_items(items: Iterable[JsonObject], reference: str) -> list[JsonObject]:
    """Return the item with that id; if none has it, the items with that name, ignoring case."""
    listed = list(items)
    return [item for item in listed if item["id"] == reference] or [
        item for item in listed if _is_named(item, reference)
    ]


def shown(items: Iterable[JsonObject]) -> str:
    """Return the names and ids of the first few items, for a message."""
    return _written(items, lambda item: [item["id"]])


def _is_named(item: JsonObject, name: str) -> bool:
    return str(item.get("name") or "").casefold() == name.casefold() != ""


async def _get(api: Polytomic, noun: Noun, id_: str, **within: str) -> JsonObject:
    return identified(noun.get, await data_of(api, noun.get, id=id_, **within))


def _ambiguous(noun: Noun, reference: str, fitting: list[JsonObject]) -> Refusal:
    takes_query = noun is not ORGANIZATION
    these = NextStep(
        tool=noun.tool,
        arguments={"query": reference} if takes_query else {},
        reason="shows how they differ",
    )
    return Refusal(
        f"{len(fitting)} {noun.plural} are named {quoted(reference)}. Send the id of one of them: "
        f"{_written(fitting, _distinction)}.",
        these,
    )


def _distinction(item: JsonObject) -> list[str]:
    """Return what distinguishes items of the same name: id, type, and creation time."""
    kind, made = item.get("type"), item.get("created_at")
    type_ = as_object(kind).get("id") if isinstance(kind, dict) else kind
    return [item["id"], *([str(type_)] if type_ else []), *([f"created {made}"] if made else [])]


def _written(items: Iterable[JsonObject], parts: Callable[[JsonObject], list[str]]) -> str:
    listed = list(items)
    more = f" and {len(listed) - _CANDIDATES} more" if len(listed) > _CANDIDATES else ""
    first = (f"{quoted(str(item.get('name')))} ({', '.join(parts(item))})" for item in listed[:_CANDIDATES])
    return ", ".join(first) + more


async def _unknown(api: Polytomic, noun: Noun, reference: str, **within: str) -> ToolError:
    if noun in _PIPELINE and (other := await _elsewhere(api, noun, reference)):
        return other
    items = (await every(api, noun.list, **within)).map(noun.named)
    unknown = f"Unknown {noun.name} {quoted(reference)}" if reference else f"The {noun.name} is missing"
    if not items:
        return ToolError(f"{unknown}. There are no {noun.plural} yet.")
    hint = nearest(reference, [str(item.get("name")) for item in items])
    every_one = NextStep(tool=noun.tool, arguments={}, reason=f"shows all {noun.plural}")
    return Refusal(
        f"{unknown}.{hint} Valid values: {shown(items)}. {noun.tool} shows all.{items.remark}", every_one
    )


async def _elsewhere(api: Polytomic, noun: Noun, reference: str) -> Refusal | None:
    """Return a refusal that says of which other kind an object is; None if no other kind has it."""
    for other in _PIPELINE:
        found = await _one_of(api, other, reference) if other is not noun else None
        if found is not None:
            text = f"{quoted(reference)} is a {other.name}, not a {noun.name}: {shown([found])}."
            this = {other.argument: found["id"]}
            return Refusal(
                f"{text} Call {other.getter}.", NextStep(tool=other.getter, arguments=this, reason="shows it")
            )
    return None


async def _one_of(api: Polytomic, noun: Noun, reference: str) -> JsonObject | None:
    """Return the object of that kind with that id or, on the first page of its list, that name."""
    try:
        found = (
            [await _get(api, noun, reference.lower())]
            if is_id(reference)
            else await named(api, noun, reference)
        )
    except PolytomicError:
        return None
    return next(iter(found), None)
