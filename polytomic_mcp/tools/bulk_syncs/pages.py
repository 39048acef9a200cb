"""Pages of a list that one answer about a run holds: its schemas, its console lines.

A token names the row at which the next page begins, so what a run adds meanwhile moves nothing.
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
class Wanted:
    """Which rows are asked for."""

    query: str | None = None
    schema_id: str | None = None
    limit: int = DEFAULT_LIMIT
    page_token: str | None = None

    def following(self, token: str) -> JsonObject:
        """Return the arguments that ask for the page at a token."""
        return given(query=self.query, schema_id=self.schema_id, limit=self.limit, page_token=token)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to show, by what tells it from the others, and its place in the API's list."""

    key: str
    place: int
    row: JsonObject


@dataclass(frozen=True, slots=True)
class Held:
    """A list under the name a result gives it: the call that answers it, and its JSON Pointer there."""

    name: str
    operation: str
    arguments: JsonObject
    pointer: str

    def shortened(self, entry: Entry, position: int) -> tuple[JsonObject, list[JsonObject]]:
        """Cut the long texts of a row; say of each which call reads the rest."""
        row, reports = dict(entry.row), list[JsonObject]()
        for name, text in entry.row.items():
            if isinstance(text, str) and len(text) > _LONGEST_TEXT:
                row[name] = text[:_LONGEST_TEXT]
                rest: JsonObject = {
                    "operation": self.operation,
                    "arguments": self.arguments,
                    "pointer": f"{self.pointer}/{entry.place}/{name}",
                    "offset": _LONGEST_TEXT,
                }
                reports.append(
                    {
                        "pointer": f"/{self.name}/{position}/{name}",
                        "shown": _LONGEST_TEXT,
                        "total": len(text),
                        "rest": {"tool": "read_operation", "arguments": rest},
                    }
                )
        return row, reports


@dataclass(slots=True)
class RowPage:
    """Rows, the token of the one after them, and reports of the texts that were cut."""

    rows: list[JsonObject] = field(default_factory=list[JsonObject])
    next_page_token: str | None = None
    truncated: list[JsonObject] = field(default_factory=list[JsonObject])


def page_rows(entries: Sequence[Entry], held: Held, wanted: Wanted, *, tokens: int) -> RowPage:
    """Return the rows that have the query's text, up to the limit or what fits into so many tokens.

    Raises:
        ToolError: No row is the token's, or no longer.
    """
    page, used = RowPage(), 0
    for entry in _from(entries, wanted.page_token):
        if not has_text(entry.row, wanted.query):
            continue
        row, reports = held.shortened(entry, len(page.rows))
        used += estimate_json([row, reports])
        if len(page.rows) == wanted.limit or (page.rows and used > tokens):
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
    raise ToolError("page_token names nothing that is still listed here; leave it out to start over.")
