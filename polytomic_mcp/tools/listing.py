"""Lists that a model can page through: short rows, and a token that goes on where they ended."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.tools.answers import items_of
from polytomic_mcp.tools.json_values import JsonObject, as_object
from polytomic_mcp.tools.results import Page, Row

DEFAULT_LIMIT: Final = 50
_TOKEN: Final = re.compile(r"(?P<skip>\d{1,9}):(?P<token>.*)", re.ASCII | re.DOTALL)


async def list_page(
    api: Polytomic,
    operation: str,
    *,
    row: Callable[[JsonObject], JsonObject],
    query: str | None = None,
    keep: Callable[[JsonObject], bool] = lambda _: True,
    limit: int,
    page_token: str | None = None,
    **arguments: Any,
) -> Page:
    """Return up to ``limit`` rows that pass, and the token of the row after the last.

    The token is ``skip:token``: the API's own page token, and how many of that page's items were
    dealt with; so nothing is repeated and nothing lost, whatever the filter.
    """
    skip, token = _decode(page_token)
    if token:
        arguments["page_token"] = token
    rows: list[Row] = []
    async for page in api.pages(operation, **arguments):
        for index, item in enumerate(items_of(page)):
            if index < skip or not (keep(item) and has_text(row(item), query)):
                continue
            if len(rows) == limit:
                return Page(items=rows, next_page_token=f"{index}:{token}")
            rows.append(Row.model_validate(row(item)))
        pagination = as_object(as_object(page).get("pagination"))
        skip, token = 0, str(pagination.get("next_page_token") or "")
    return Page(items=rows)


def page_of(items: Sequence[JsonObject], *, query: str | None, limit: int, page_token: str | None) -> Page:
    """Page through rows that are all at hand; the token counts those before."""
    skip, _ = _decode(page_token)
    fitting = [item for item in items if has_text(item, query)]
    rows = [Row.model_validate(item) for item in fitting[skip : skip + limit]]
    more = f"{skip + limit}:" if len(fitting) > skip + limit else None
    return Page(items=rows, next_page_token=more)


def has_text(row: JsonObject, query: str | None) -> bool:
    """Tell whether any text of the row holds the query, ignoring case."""
    return query is None or any(
        query.casefold() in value.casefold() for value in row.values() if isinstance(value, str)
    )


def _decode(page_token: str | None) -> tuple[int, str]:
    parts = _TOKEN.fullmatch(page_token or "0:")
    if parts is None:
        raise ToolError("page_token is not one that a list answered; leave it out to start over.")
    return int(parts["skip"]), parts["token"]
