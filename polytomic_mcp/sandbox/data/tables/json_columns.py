"""The values of JSON columns, which keep the text that they were written as.

A JSON null is not the SQL null, a JSON string is not a text that spells JSON, and a JSON number may have more
digits than a double. Python's own values lose all three, so a value of a JSON column is one of these:

==================  ===============================================================================
array, object       ``JsonArray``, ``JsonObject``: a list or dict, for its readers
string              ``JsonText``, equal to the string
null                ``JsonText``, equal to ``null``
number, boolean     Python's; ``JsonText`` with the digits of a number that Python would round
==================  ===============================================================================

A table of the store holds a JSON column as its text.
"""

import json
from typing import Any, Final, Self, cast

from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.sandbox.data.tables.numbers import json_number

JSON: Final = "JSON"
"""The SQL type of a JSON column."""


class JsonArray(list[Any]):
    """A JSON array; ``text`` is how it was written."""

    text: str


class JsonObject(dict[str, Any]):
    """A JSON object; ``text`` is how it was written."""

    text: str


class JsonText(str):
    """A JSON string, number or null; ``text`` is how it was written."""

    __slots__ = ("text",)
    text: str

    @classmethod
    def of(cls, value: str, text: str) -> Self:
        """Return a value that is equal to ``value``."""
        made = cls(value)
        made.text = text
        return made


def parsed(text: str) -> Any:
    """Return the value of a JSON column, given its text.

    Raises:
        ValueError: The text is not JSON.
    """
    value = json.loads(text, parse_float=json_number, parse_constant=str)
    if isinstance(value, list):
        made = JsonArray(cast("list[Any]", value))
        made.text = text
        return made
    if isinstance(value, dict):
        holder = JsonObject(cast("dict[str, Any]", value))
        holder.text = text
        return holder
    if value is None or isinstance(value, str):
        return JsonText.of("null" if value is None else value, text)
    return value


def stored(value: Any) -> Any:
    """Return the value of a JSON column, given what a table of the store holds: its text, or JSON."""
    if not isinstance(value, str):
        return value
    try:
        return parsed(value)
    except ValueError:
        return value


def written(value: Any) -> str:
    """Return the text of a JSON column's value: the text that it was parsed from, if it was."""
    if isinstance(value, JsonArray | JsonObject | JsonText):
        return value.text
    return json.dumps(value, ensure_ascii=False)


def fitting(value: Any) -> Any:
    """Return a value as that of a JSON column: what a text spells in JSON, or None if it spells nothing."""
    if isinstance(value, JsonText) or not isinstance(value, str):
        return value
    try:
        return parsed(value)
    except ValueError:
        return None


def plain(value: Any) -> Any:
    """Return a list of a JSON column's values without the texts that they were written as."""
    return [*map(shown, cast("list[Any]", value))] if isinstance(value, list) else value


def as_text(value: Any) -> str:
    """Return a value as text: an array or an object as it was written, all else as ``to_text`` does."""
    return value.text if isinstance(value, JsonArray | JsonObject) else to_text(value)


def shown(value: Any) -> Any:
    """Return a value as an answer shows it, where a JSON null is null."""
    return None if isinstance(value, JsonText) and value.text.strip() == "null" else value
