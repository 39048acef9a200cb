"""Lists that a model can page through: short rows, and a token that continues after the last one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.paging import page_token as next_token
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import OutOfTimeError
from polytomic_mcp.tools.answers.results import Page, Row
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.answers.truncation import ROWS_TOKENS, room_beside
from polytomic_mcp.tools.api_access.responses import Items, items_of

DEFAULT_LIMIT: Final = 50
_OUT_OF_TIME: Final = "The call ran out of time before all pages were read. next_page_token continues."


async def list_page(
    api: Polytomic,
    operation: str,
    *,
    row: Callable[[JsonObject], JsonObject],
    query: str | None = None,
    keep: Callable[[JsonObject], bool] = lambda _: True,
    fields: Sequence[str] | None = None,
    limit: int,
    page_token: str | None = None,
    page_size: int | None = None,
    **arguments: Any,
) -> Page:
    """Return the matching rows, up to ``limit`` or what fits, and the token of the next row.

    ``fields`` adds more of the API's fields to the rows. ``page_size`` is how many items a request asks for,
    if the operation's default is small. The token is ``skip:token``: the API's own page token, and how many
    items of that page have been processed, so that no item is repeated or lost, whatever the filter.

    If the call's time ends, the rows of the pages that were read are returned, with the token of the next.
    """
    skip, token = _decode(page_token)
    if token:
        arguments["page_token"] = token
    if page_size:
        arguments["limit"] = page_size
    rows, left_out, start = _Rows(limit), Items(operation=operation), token
    try:
        async for page in api.pages(operation, **arguments):
            items = items_of(operation, page)
            left_out.left_out += items.left_out
            refuse_unknown_fields(items, fields)
            for index, item in enumerate(items):
                short = row(item)
                if index < skip or not (keep(item) and has_text(short, query)):
                    continue
                if not rows.add(_widened(short, item, fields)):
                    return _page(rows, left_out, f"{index}:{token}")
            skip, token = 0, next_token(operation, page)
    except OutOfTimeError:
        if token == start:
            raise
        return _cut_short(rows, left_out, f"0:{token}")
    return _page(rows, left_out)


def page_of(
    items: Sequence[JsonObject],
    *,
    row: Callable[[JsonObject], JsonObject] = dict,
    query: str | None,
    fields: Sequence[str] | None = None,
    limit: int,
    page_token: str | None,
    beside: Any = None,
) -> Page:
    """Return a page of items that are all loaded; the token counts those before it.

    ``beside`` is what else the answer contains: the longer it is, the fewer rows fit.
    """
    skip, _ = _decode(page_token)
    refuse_unknown_fields(items, fields)
    fitting = [item for item in items if query is None or has_text(row(item), query)]
    rows = _Rows(limit, room_beside(beside))
    for index, item in enumerate(fitting[skip:], skip):
        if not rows.add(_widened(row(item), item, fields)):
            return _page(rows, items, f"{index}:")
    return _page(rows, items)


def left_out_of(items: Sequence[JsonObject], part: str) -> list[JsonObject] | None:
    """Return the report that items of a list were left out of a part of the result; None if none were."""
    if not isinstance(items, Items) or not items.left_out:
        return None
    return [{"pointer": f"/{part}", "left_out": items.left_out, "reason": items.remark.strip()}]


def _page(rows: "_Rows", listed: Sequence[JsonObject], token: str | None = None) -> Page:
    return Page(items=rows.items, next_page_token=token, truncated=left_out_of(listed, "items"))


def _cut_short(rows: "_Rows", listed: Sequence[JsonObject], token: str) -> Page:
    """Return the page of what was read before the call ran out of time."""
    page = _page(rows, listed, token)
    page.truncated = [*(page.truncated or ()), {"pointer": "/items", "reason": _OUT_OF_TIME}]
    return page


def _widened(row: JsonObject, item: JsonObject, fields: Sequence[str] | None) -> JsonObject:
    return row | {name: item.get(name) for name in fields or ()}


def refuse_unknown_fields(items: Sequence[JsonObject], fields: Sequence[str] | None) -> None:
    """Raise a ToolError if none of the items has one of the fields; the text lists the valid ones."""
    known = {name: None for item in items for name in item}
    if known and (wrong := [name for name in fields or () if name not in known]):
        raise ToolError(f"fields: {unknown('field', wrong[0], known)}")


@dataclass(slots=True)
class _Rows:
    """The rows of one page, up to its limit and a budget of tokens; the first always fits."""

    limit: int
    room: int = ROWS_TOKENS
    items: list[Row] = field(default_factory=list[Row])
    tokens: int = 0

    def add(self, row: JsonObject) -> bool:
        """Add the row if it fits, and return whether it did."""
        cost = estimate_json([row])
        if len(self.items) == self.limit or (self.items and self.tokens + cost > self.room):
            return False
        self.items.append(Row.model_validate(row))
        self.tokens += cost
        return True


def has_text(row: JsonObject, query: str | None) -> bool:
    """Return whether any string of the row contains the query, ignoring case."""
    return query is None or any(
        query.casefold() in value.casefold() for value in row.values() if isinstance(value, str)
    )


def _decode(page_token: str | None) -> tuple[int, str]:
    skip, _, token = (page_token or "0:").partition(":")
    return int(skip), token
