"""The API's answers, of which only the parts that the tools rely on are validated.

What is not what the API documents is refused with a sentence, and never taken for "none": on that, an agent
would create again what exists.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.errors import UnexpectedAnswerError
from polytomic_mcp.tools.api_access.shapes import kind_of, misfit

_LONGEST_ID: Final = 1_000


class Items(list[JsonObject]):
    """The usable items of a list, and how many were left out because they have no id or another shape."""

    def __init__(self, items: Iterable[JsonObject] = (), operation: str = "", left_out: int = 0) -> None:
        super().__init__(items)
        self.operation = operation
        self.left_out = left_out

    def map(self, change: Callable[[JsonObject], JsonObject]) -> "Items":
        """Return the items, each changed, with the same number left out."""
        return Items(map(change, self), self.operation, self.left_out)

    @property
    def remark(self) -> str:
        """What was left out, as a sentence after a space; empty if nothing was."""
        if not self.left_out:
            return ""
        items = "1 item" if self.left_out == 1 else f"{self.left_out} items"
        return f" {items} of {self.operation} could not be read (no usable id, or a part of another type)."


async def data_of(api: Polytomic, operation: str, **arguments: Any) -> JsonObject:
    """Call an operation and return the object under ``data``.

    Raises:
        UnexpectedAnswerError: The answer has no such object.
    """
    return object_in(operation, await api.call(operation, **arguments))


def expected(operation: str, data: Any) -> JsonObject:
    """Return an operation's data.

    Raises:
        UnexpectedAnswerError: It is not an object.
    """
    return object_in(operation, {"data": data})


def object_in(operation: str, answer: Any, name: str = "data") -> JsonObject:
    """Return the object under a name of an answer.

    Raises:
        UnexpectedAnswerError: There is none.
    """
    part = as_object(answer).get(name)
    if not isinstance(part, dict):
        raise _unexpected(operation, answer, name, f"an object under {name}")
    if name == "data" and (wrong := misfit(operation, part)):
        raise unexpected(operation, f"{wrong[1]} under {name}.{wrong[0]}", wrong[2])
    return as_object(part)


def list_in(operation: str, answer: Any, name: str = "data") -> list[Any]:
    """Return the list under a name of an answer.

    Raises:
        UnexpectedAnswerError: It is missing, null or of another type.
    """
    part = as_object(answer).get(name)
    if not isinstance(part, list):
        is_null = answer is None or (part is None and name in as_object(answer))
        note = " (null is not an empty list)" if is_null else ""
        raise _unexpected(operation, answer, name, f"a list under {name}{note}")
    return as_list(part)


def objects_in(operation: str, answer: Any, name: str = "data") -> list[JsonObject]:
    """Return the list of objects under a name of an answer.

    Raises:
        UnexpectedAnswerError: There is none, or an item is not an object.
    """
    items = list_in(operation, answer, name)
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise unexpected(operation, f"{kind_of(item)} under {name}[{index}]", "an object")
        if name == "data" and (wrong := misfit(operation, item)):
            raise unexpected(operation, f"{wrong[1]} under {name}[{index}].{wrong[0]}", wrong[2])
    return items


def items_of(operation: str, answer: Any, name: str = "data") -> Items:
    """Return the objects of a list that have an id and the expected shape; the others are counted.

    Raises:
        UnexpectedAnswerError: There is no list, or all of its items are unusable.
    """
    listed = list_in(operation, answer, name)
    usable = [
        as_object(item)
        for item in listed
        if has_id(item) and not (name == "data" and misfit(operation, item))
    ]
    if listed and not usable:
        raise unexpected(
            operation, f"a list under {name} without a single usable item", "an object with an id (a text)"
        )
    return Items(usable, operation, len(listed) - len(usable))


def has_id(item: Any) -> bool:
    """Return whether an object has an id that a call can be made with: a text that is not empty."""
    id_ = as_object(item).get("id")
    return isinstance(id_, str) and 0 < len(id_) <= _LONGEST_ID


def identified(operation: str, item: JsonObject) -> JsonObject:
    """Return an object of an operation's answer that has an id.

    Raises:
        UnexpectedAnswerError: Its id is missing or is not a text.
    """
    if not has_id(item):
        raise unexpected(operation, "an object without a usable id", "an id (a text)")
    return item


def unexpected(operation: str, got: str, wanted: str) -> UnexpectedAnswerError:
    """Return the error for an answer that is not what the API documents."""
    if load_catalogue().find(operation).effect == "read":
        advice = "What exists is not known: create nothing on the strength of it, and call again later."
    else:
        advice = "The call may have succeeded: read the object's state before you repeat it."
    return UnexpectedAnswerError(
        f"{operation} answered {got} where {wanted} was expected. {advice} Check POLYTOMIC_API_URL and "
        "POLYTOMIC_API_VERSION."
    )


def _unexpected(operation: str, answer: Any, name: str, wanted: str) -> UnexpectedAnswerError:
    if not isinstance(answer, dict):
        return unexpected(operation, kind_of(answer), wanted)
    if name not in answer:
        return unexpected(operation, f"an object without {name}", wanted)
    return unexpected(operation, f"{kind_of(as_object(answer)[name])} under {name}", wanted)
