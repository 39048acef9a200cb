"""The API's answers, of which only the parts that the tools rely on are validated."""

from typing import Any

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.errors import UnexpectedAnswerError


async def data_of(api: Polytomic, operation: str, **arguments: Any) -> JsonObject:
    """Call an operation and return the object under ``data``.

    Raises:
        UnexpectedAnswerError: The answer has no such object.
    """
    return expected(operation, as_object(await api.call(operation, **arguments)).get("data"))


def expected(operation: str, data: Any) -> JsonObject:
    """Return an operation's data.

    Raises:
        UnexpectedAnswerError: It is not an object.
    """
    if not isinstance(data, dict):
        raise UnexpectedAnswerError(
            f"{operation} returned no object under data. Check POLYTOMIC_API_URL and POLYTOMIC_API_VERSION. "
            "After a write, read the object's state before you repeat it."
        )
    return as_object(data)


def items_of(page: Any) -> list[JsonObject]:
    """Return the objects of a list, without those that have no id: they cannot be used."""
    return [item for item in as_objects(as_object(page).get("data")) if isinstance(item.get("id"), str)]
