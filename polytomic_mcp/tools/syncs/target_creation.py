"""New target objects: the properties that a connection needs to create one, and what is wrong with them."""

from collections.abc import Iterator
from typing import Any, Final

from polytomic_mcp.catalogue.rules.choices import Choices
from polytomic_mcp.catalogue.rules.names import name_problem, table_problem
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.api_access.names import shown
from polytomic_mcp.tools.api_access.responses import data_of, items_of, list_in

OBJECTS: Final = "GET /api/connections/{id}/modelsync/targetobjects"

_PROPERTY: Final = "GET /api/connections/{id}/modelsync/targetobjects/properties/{property}"
_NAMES: Final = {"name": "A new target object", "schema": "A new schema"}
"""The properties of a new target object that name something, and what."""


async def target_objects(api: Polytomic, connection_id: str) -> JsonObject:
    """Return the API's whole answer about a connection's target objects."""
    answer = await api.call(OBJECTS, id=connection_id)
    list_in(OBJECTS, answer)
    return answer


async def creatable_objects(api: Polytomic, connection_id: str) -> JsonObject:
    """Return the API's answer about target objects, with the properties of new ones and their choices.

    Choices that it leaves out are read one property at a time; those that cannot be read stay unknown.
    """
    answer = as_object(await api.call(OBJECTS, id=connection_id, include_target_creation_values=True))
    list_in(OBJECTS, answer)
    for property_ in _properties(answer):
        if property_.get("enum") and property_.get("values") is None:
            property_["values"] = await _choices(api, connection_id, str(property_.get("id")))
    return answer


async def _choices(api: Polytomic, connection_id: str, name: str) -> Any:
    try:
        return (await data_of(api, _PROPERTY, id=connection_id, property=name)).get("values")
    except PolytomicError:
        return None


def with_create(target: Any) -> Any:
    """Return a sync's target as it was sent, with the properties of a new object under ``create``.

    They may have been sent as its ``object``, and its name alone as ``create``.
    """
    parts = as_object(target)
    object_, create = parts.get("object"), parts.get("create")
    if isinstance(object_, dict) and not create:
        rest = {name: part for name, part in parts.items() if name != "object"}
        return rest | {"create": as_object(object_)}
    return parts | {"create": {"name": create}} if isinstance(create, str) and create else target


def how_to_create(answer: JsonObject) -> str:
    """Return what ``target.create`` needs, as a sentence after a space; empty if nothing can be created."""
    if not _creation(answer).get("supported"):
        return ""
    listed = ", ".join(map(_described, _properties(answer)))
    return f" To create an object, send target.create in place of target.object, with {listed}."


def _described(property_: JsonObject) -> str:
    choices = Choices.of(property_.get("values"))
    hint = choices.hint("").strip().removesuffix(".") if choices.pairs else ""
    return f"{property_.get('id')}{f' ({hint})' * bool(hint)}"


def creation_problems(answer: JsonObject, create: dict[str, str], path: str) -> list[str]:
    """Return what is wrong with the properties of a new target object; labels of choices become their values.

    ``answer`` is what the API publishes for the connection, from ``creatable_objects``.
    """
    creation = _creation(answer)
    properties = {str(each.get("id")): each for each in _properties(answer)}
    if not creation:
        return []
    if not creation.get("supported"):
        existing = shown(items_of(OBJECTS, answer))
        return [f"{path}: The connection does not support new objects. Use an existing one: {existing}."]
    problems = [
        f"{path}: {unknown('property', name, properties)}" for name in create if name not in properties
    ]
    for name, property_ in properties.items():
        problems += _property_problems(
            f"{path}.{name}", name, property_, create, is_table="schema" in properties
        )
    return problems


def _property_problems(
    path: str, name: str, property_: JsonObject, create: dict[str, str], *, is_table: bool
) -> Iterator[str]:
    choices, value = Choices.of(property_.get("values")), create.get(name, "")
    if found := choices.find(value):
        create[name] = str(found[0])
    elif property_.get("enum") and name != "schema":  # a new one is created (a guess)
        if choices.pairs or not value:
            wrong = f"Unknown value {quoted(value)}." if value else "is required."
            yield f"{path}: {wrong}{choices.hint(value) if choices.pairs else ''}"
    elif name == "name" or (name in _NAMES and value):
        reason = table_problem(_NAMES[name], value) if is_table else name_problem(_NAMES[name], value)
        yield from [f"{path}: {reason}"] if reason else []


def _creation(answer: JsonObject) -> JsonObject:
    return as_object(answer.get("target_creation"))


def _properties(answer: JsonObject) -> list[JsonObject]:
    return as_objects(_creation(answer).get("properties"))
