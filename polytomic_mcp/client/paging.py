"""The URL of the next page, in each of the three ways in which the API gives it."""

from collections.abc import Mapping
from typing import Any, Final, cast

import httpx

from polytomic_mcp.client.address import Address
from polytomic_mcp.errors import UnexpectedAnswerError

__all__ = ["next_page"]

_NOTHING: Final[Mapping[str, Any]] = {}


def next_page(body: Any, here: httpx.URL, address: Address) -> httpx.URL | None:
    """Return the URL of the page after ``body``, which came from ``here``; None after the last.

    ``pagination.next_page_token`` is sent back as ``page_token`` and ``data.next_cursor`` (console logs) as
    ``after``, both with the same filters. ``links.next`` (query results) is opaque and is followed as it is.

    Raises:
        UnexpectedAnswerError: The link leads outside the API, or is not a link.
    """
    try:
        return _next_url(_mapping(body), here, address)
    except httpx.InvalidURL as error:
        raise UnexpectedAnswerError(
            f"The page at {here.path} has a link to the next page that is not a valid URL."
        ) from error


def _next_url(page: Mapping[str, Any], here: httpx.URL, address: Address) -> httpx.URL | None:
    if token := _mapping(page.get("pagination")).get("next_page_token"):
        return here.copy_set_param("page_token", str(token))
    if cursor := _mapping(page.get("data")).get("next_cursor"):
        return here.copy_set_param("after", str(cursor))
    if link := _mapping(page.get("links")).get("next"):
        return address.resolve(str(link), here)
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else _NOTHING
