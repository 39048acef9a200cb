"""Why rows were rejected: the error log of a run, grouped by cause.

A line of the log is JSON. Its shape, ``{"row": {...}, "error": "..."}``, is a guess, so other keys and plain
text are read too. Two lines have the same cause if their messages differ only in values: values of the row,
quoted texts, ids, addresses, dates and numbers.
"""

import json
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.bodies import parse
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.api_access.logs import count_lines, log_files, read_file

MOST_LINES: Final = 20_000
MOST_CHARACTERS: Final = 5_000_000

_MESSAGES: Final = ("error", "errors", "message", "reason", "error_message", "description")
_ROWS: Final = ("row", "record", "fields", "values", "source", "identity")
_FIELDS: Final = ("field", "field_name", "column", "target_field")
_MOST_CAUSES: Final = 6
_EXAMPLES: Final = 2
_EXAMPLE_FIELDS: Final = 4
_LONGEST_VALUE: Final = 60
_LONGEST_MESSAGE: Final = 200
_LONGEST_READ: Final = 500  # of a message; matching the patterns takes quadratic time
_SHORTEST_VALUE: Final = 3

_PREFIX: Final = re.compile(r"^(?:record|row|line)\s+\d+\s*:\s*", re.IGNORECASE)
_QUOTED: Final = re.compile(r"\"([^\"]{1,500})\"|'([^']{1,500})'|`([^`]{1,500})`")
_VALUES: Final = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<email>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{12,}\b"), "<id>"),
    (re.compile(r"(?<![\w<])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?\b"), "<number>"),
)


class RowCause(BaseModel):
    """Rows rejected for one reason: how many, and two examples."""

    cause: str
    field: str | None = None
    count: int
    examples: list[JsonObject]


class RowErrors(BaseModel):
    """The rejected rows of a run by cause, most frequent first."""

    execution_id: str
    total: Annotated[int, Field(description="All rejected rows")]
    read: Annotated[int, Field(description="How many of them were read and grouped")]
    causes: list[RowCause]
    more_causes: Annotated[int | None, Field(description="Less frequent causes not shown")] = None


@dataclass(frozen=True, slots=True)
class Line:
    """One rejected row, as the log reports it."""

    message: str
    row: JsonObject = field(default_factory=dict[str, Any])
    about: str | None = None

    @classmethod
    def of(cls, text: str) -> "Line":
        """Read a line of a log in any form."""
        try:
            parsed = parse(text)
        except ValueError:
            return cls(text)
        if not isinstance(parsed, dict):
            return cls(str(parsed))
        parts = as_object(parsed)
        message = next((parts[name] for name in _MESSAGES if parts.get(name)), "no reason given")
        rows = [as_object(parts.get(name)) for name in _ROWS]
        field_name = next((parts[name] for name in _FIELDS if isinstance(parts.get(name), str)), None)
        return cls(_text(message), next(filter(None, rows), as_object(None)), field_name)


async def read_row_errors(
    api: Polytomic, sync_id: str, execution_id: str, known: AbstractSet[str]
) -> RowErrors:
    """Read the error log of a run, up to 20,000 lines or 5 MB, and group its lines by cause.

    ``known`` are the names of fields; a cause whose message contains one is attributed to that field.
    """
    where: JsonObject = {"sync_id": sync_id, "id": execution_id}
    count = await count_lines(api, where, "errors")
    texts = await _read(api, where) if count != 0 else []
    grouped = group((Line.of(text) for text in texts), known)
    return row_errors(execution_id, grouped, total=count or len(texts), read=len(texts))


def row_errors(execution_id: str, grouped: Sequence[RowCause], *, total: int, read: int) -> RowErrors:
    """Return the most frequent causes, and how many more there are."""
    return RowErrors(
        execution_id=execution_id,
        total=total,
        read=read,
        causes=list(grouped[:_MOST_CAUSES]),
        more_causes=max(len(grouped) - _MOST_CAUSES, 0) or None,
    )


def group(lines: Iterable[Line], known: AbstractSet[str]) -> list[RowCause]:
    """Group rejected rows by field and by message without values, most frequent cause first."""
    causes: dict[tuple[str | None, str], RowCause] = {}
    for line in lines:
        cause = normalized(line.message, line.row, known)
        name = line.about or _field_in(cause, known)
        found = causes.setdefault((name, cause), RowCause(cause=cause, field=name, count=0, examples=[]))
        found.count += 1
        if found.count <= _EXAMPLES:
            found.examples.append(_example(line, name))
    return sorted(causes.values(), key=lambda cause: -cause.count)


def normalized(message: str, row: JsonObject, known: AbstractSet[str]) -> str:
    """Return a message with placeholders instead of values."""
    text = " ".join(_PREFIX.sub("", message[:_LONGEST_READ]).split())
    for name, value in row.items():
        if isinstance(value, str) and len(value) >= _SHORTEST_VALUE and value in text and value not in known:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", lambda _, name=name: f"<{name}>", text)
    text = _QUOTED.sub(lambda match: match[0] if _inner(match) in known else "<text>", text)
    for pattern, placeholder in _VALUES:
        text = pattern.sub(placeholder, text)
    return text[:_LONGEST_MESSAGE]


def _inner(match: re.Match[str]) -> str:
    return next(part for part in match.groups() if part is not None)


def _field_in(cause: str, known: AbstractSet[str]) -> str | None:
    """Return the first field that the cause mentions; None if there is none."""
    words = re.findall(r"(?<![<\w])[A-Za-z_][\w.]*(?!>)\b", cause)
    return next((word for word in words if word in known), None)


def _example(line: Line, field_name: str | None) -> JsonObject:
    """Return a rejected row's message and some of its fields, starting with ``field_name``."""
    names = sorted(line.row, key=lambda name: name != field_name)[:_EXAMPLE_FIELDS]
    row = {name: _short(line.row[name]) for name in names}
    return {"error": line.message[:_LONGEST_MESSAGE], **({"row": row} if row else {})}


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _text(value)[:_LONGEST_VALUE]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def _read(api: Polytomic, where: JsonObject) -> list[str]:
    lines: list[str] = []
    left = MOST_CHARACTERS
    for filename in await log_files(api, where, "errors"):
        for line in await read_file(api, where, "errors", filename):
            left -= len(line)
            if len(lines) == MOST_LINES or left < 0:
                return lines
            lines.append(line)
    return lines
