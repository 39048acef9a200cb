"""Answers of the API, held to the little that the tools rely on."""

from typing import Any

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.errors import UnexpectedAnswerError


async def data_of(api: Polytomic, operation: str, **arguments: Any) -> JsonObject:
    """Call an operation and return the object under ``data``.

    Raises:
        UnexpectedAnswerError: There is none.
    """
    return expected(operation, as_object(await api.call(operation, **arguments)).get("data"))


def expected(operation: str, data: Any) -> JsonObject:
    """Return what an operation answered, if it is an object as it must be."""
    if not isinstance(data, dict):
        raise UnexpectedAnswerError(
            f"{operation} was answered without the object that belongs under data. Check POLYTOMIC_API_URL "
            "and POLYTOMIC_API_VERSION; after a write, read the object's state before you repeat it."
        )
    return as_object(data)


def items_of(page: Any) -> list[JsonObject]:
    """Return the objects a listing holds; one without an id cannot be used and is left out."""
    return [item for item in as_objects(as_object(page).get("data")) if isinstance(item.get("id"), str)]
