"""Which redirects are followed, and which would send a key or a write to the wrong host."""

from collections.abc import Mapping
from typing import Final

import httpx

from polytomic_mcp.client.address import has_same_origin, origin
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.quirks import answers_with_a_file
from polytomic_mcp.errors import UnexpectedAnswerError

__all__ = ["is_redirect", "leaves_api", "redirect"]

_KEEP_METHOD: Final = frozenset({307, 308})
_REDIRECTS: Final = frozenset({301, 302, 303}) | _KEEP_METHOD


def is_redirect(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether an answer is a redirect."""
    return status in _REDIRECTS and "Location" in headers


def redirect(message: Message, here: httpx.URL, status: int, location: str) -> httpx.URL:
    """Return the URL that a redirect leads to.

    Within the origin, GET is followed, and any method if the status preserves it. To another origin, only a
    redirect to a file is followed, and never from https to http.

    Raises:
        UnexpectedAnswerError: The redirect leads elsewhere, would turn a write into a read, or contains a
            user, whose credentials would replace the key.
    """
    url = here.join(location)
    if url.userinfo:
        raise UnexpectedAnswerError(
            f"{message.operation.id} was redirected ({status}) to {origin(url)} as another user, which "
            "was not followed, because it would replace the API key. "
            f"{message.names.check(message.names.api_url)}"
        )
    if has_same_origin(message.url, url):
        is_followed = status in _KEEP_METHOD or message.method == "GET"
    else:
        is_followed = answers_with_a_file(message.operation) and url.scheme in {"https", message.url.scheme}
    if is_followed:
        return url
    raise UnexpectedAnswerError(
        f"{message.operation.id} was redirected ({status}) to {origin(url)}, which was not followed, because "
        "it would send the API key or the change to another host. If that is the address of your "
        f"Polytomic instance, set {message.names.api_url} to it instead of {origin(message.url)}."
    )


def leaves_api(message: Message, url: httpx.URL, status: int) -> bool:
    """Return whether a redirect leads to a signed address, which needs no key."""
    return not has_same_origin(message.url, url) or (
        answers_with_a_file(message.operation) and status not in _KEEP_METHOD
    )
