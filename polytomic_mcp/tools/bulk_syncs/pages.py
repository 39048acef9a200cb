"""Paging through a list in the API's answer about a run: its schemas, or its console lines.

A page token is the key of the row that the next page starts with, so rows added meanwhile shift nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.api_access.listing import has_text
from polytomic_mcp.tools.api_access.merging import given

DEFAULT_LIMIT: Final = 20
_LONGEST_TEXT: Final = 600


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows to return."""

    query: str | None = None
    schema_id: str | None = None
    limit: int = DEFAULT_LIMIT
    page_token: str | None = None

    def arguments_at(self, token: str) -> JsonObject:
        """Return the arguments of the call for the page at a token."""
        return given(query=self.query, schema_id=self.schema_id, limit=self.limit, page_token=token)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row, its unique key, and its position in the API's list."""

    key: str
    position: int
    row: JsonObject


@dataclass(frozen=True, slots=True)
class RowSource:
    """Where rows come from: their name in the result, the call that answers them, and their JSON Pointer."""

    name: str
    operation: str
    arguments: JsonObject
    pointer: str

    def shortened(self, entry: Entry, index: int) -> tuple[JsonObject, list[JsonObject]]:
        """Truncate the long texts of a row; return it and, for each text, the call that reads the rest."""
        row, reports = dict(entry.row), list[JsonObject]()
        for name, text in entry.row.items():
            if isinstance(text, str) and len(text) > _LONGEST_TEXT:
                row[name] = text[:_LONGEST_TEXT]
                rest: JsonObject = {
                    "operation": self.operation,
                    "arguments": self.arguments,
                    "pointer": f"{self.pointer}/{entry.position}/{name}",
                    "offset": _LONGEST_TEXT,
                }
                reports.append(
                    {
                        "pointer": f"/{self.name}/{index}/{name}",
                        "shown": _LONGEST_TEXT,
                        "total": len(text),
                        "rest": {"tool": "read_operation", "arguments": rest},
                    }
                )
        return row, reports


@dataclass(slots=True)
class RowPage:
    """Rows, the token of the next page, and a report on each truncated text."""

    rows: list[JsonObject] = field(default_factory=list[JsonObject])
    next_page_token: str | None = None
    truncated: list[JsonObject] = field(default_factory=list[JsonObject])


def page_rows(entries: Sequence[Entry], source: RowSource, request: PageRequest, *, tokens: int) -> RowPage:
    """Return the rows with the query's text, up to the limit or as many as fit into ``tokens``.

    Raises:
        ToolError: No row has the page token as its key.
    """
    page, used = RowPage(), 0
    for entry in _from(entries, request.page_token):
        if not has_text(entry.row, request.query):
            continue
        row, reports = source.shortened(entry, len(page.rows))
        used += estimate_json([row, reports])
        if len(page.rows) == request.limit or (page.rows and used > tokens):
            page.next_page_token = entry.key
            break
        page.rows.append(row)
        page.truncated += reports
    return page


def _from(entries: Sequence[Entry], token: str | None) -> Iterable[Entry]:
    if token is None:
        return entries
    for position, entry in enumerate(entries):
        if entry.key == token:
            return entries[position:]
    raise ToolError("page_token refers to a row that is no longer listed. Omit it to start over.")
