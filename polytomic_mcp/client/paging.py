"""The URL of the next page, in each of the three ways in which the API gives it."""

from collections.abc import Mapping
from typing import Any, Final, cast

import httpx

from polytomic_mcp.client.address import Address
from polytomic_mcp.errors import UnexpectedAnswerError

__all__ = ["next_page", "page_token"]

_NOTHING: Final[Mapping[str, Any]] = {}


def next_page(operation: str, body: Any, here: httpx.URL, address: Address) -> httpx.URL | None:
    """Return the URL of the page after ``body``, which came from ``here``; None after the last.

    ``pagination.next_page_token`` is sent back as ``page_token`` and ``data.next_cursor`` (console logs) as
    ``after``, both with the same filters. ``links.next`` (query results) is opaque and is followed as it is.

    Raises:
        UnexpectedAnswerError: The link leads outside the API, or is not a link; or the token is not a token.
    """
    try:
        return _next_url(operation, _mapping(body), here, address)
    except httpx.InvalidURL as error:
        raise UnexpectedAnswerError(
            f"The page at {here.path} has a link to the next page that is not a valid URL."
        ) from error


def page_token(operation: str, body: Any) -> str:
    """Return the token of the page after ``body``; empty after the last.

    Raises:
        UnexpectedAnswerError: What is in its place is not a token, so the list may have more pages.
    """
    return _member(operation, _mapping(body), "pagination", "next_page_token")


def _next_url(operation: str, page: Mapping[str, Any], here: httpx.URL, address: Address) -> httpx.URL | None:
    if token := page_token(operation, page):
        return here.copy_set_param("page_token", token)
    if cursor := _text(operation, _mapping(page.get("data")), "next_cursor"):
        return here.copy_set_param("after", cursor)
    if link := _member(operation, page, "links", "next"):
        return address.resolve(link, here)
    return None


def _member(operation: str, page: Mapping[str, Any], part: str, name: str) -> str:
    inner = page.get(part)
    if inner and not isinstance(inner, dict):
        raise _malformed(operation, part)
    return _text(operation, _mapping(inner), name)


def _text(operation: str, part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    if value is True or not isinstance(value or "", str | int):
        raise _malformed(operation, name)
    return str(value or "")


def _malformed(operation: str, name: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        f"{operation} answered a page whose {name} cannot be read, so there may be more pages. Check "
        "POLYTOMIC_API_URL and POLYTOMIC_API_VERSION."
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else _NOTHING
