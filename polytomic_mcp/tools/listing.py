"""Lists that a model can page through: short rows, and a token that goes on where they ended."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.tools.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.tools.results import Page, Row

DEFAULT_LIMIT: Final = 50


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
        for index, item in enumerate(as_objects(page.get("data"))):
            if index < skip or not (keep(item) and has_text(row(item), query)):
                continue
            if len(rows) == limit:
                return Page(items=rows, next_page_token=f"{index}:{token}")
            rows.append(Row.model_validate(row(item)))
        skip, token = 0, str(as_object(page.get("pagination")).get("next_page_token") or "")
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
    skip, separator, token = (page_token or "0:").partition(":")
    if not separator or not (skip.isascii() and skip.isdecimal()):
        raise ToolError("page_token is not one that a list answered; leave it out to start over.")
    return int(skip), token
