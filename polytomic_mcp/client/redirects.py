"""Which redirects are followed, and which would carry a key or a write where it does not belong."""

from collections.abc import Mapping
from typing import Final

import httpx

from polytomic_mcp.client.address import has_same_origin, origin
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.quirks import answers_with_a_file
from polytomic_mcp.errors import UnexpectedAnswerError

__all__ = ["is_redirect", "leaves", "redirect"]

_KEEP_METHOD: Final = frozenset({307, 308})
_REDIRECTS: Final = frozenset({301, 302, 303}) | _KEEP_METHOD


def is_redirect(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the answer says to look somewhere else."""
    return status in _REDIRECTS and "Location" in headers


def redirect(message: Message, here: httpx.URL, status: int, location: str) -> httpx.URL:
    """Return where the message goes next.

    Within the origin every GET is followed, and any method where the status keeps it. To another
    origin only a file is followed, and never from https down to http.

    Raises:
        UnexpectedAnswerError: The redirect leads elsewhere, would turn a write into a read, or names a
            user, who would be signed in instead of the key.
    """
    url = here.join(location)
    if url.userinfo:
        raise UnexpectedAnswerError(
            f"{message.operation.id} was redirected ({status}) to {origin(url)} as another user, and that "
            "was not followed, as it would replace the API key. Check POLYTOMIC_API_URL."
        )
    if has_same_origin(message.url, url):
        is_followed = status in _KEEP_METHOD or message.method == "GET"
    else:
        is_followed = answers_with_a_file(message.operation) and url.scheme in {"https", message.url.scheme}
    if is_followed:
        return url
    raise UnexpectedAnswerError(
        f"{message.operation.id} was redirected ({status}) to {origin(url)}, and that was not followed, as "
        "it would send the API key or the change somewhere else. If that is where your Polytomic is, "
        f"set POLYTOMIC_API_URL to it; now it is {origin(message.url)}."
    )


def leaves(message: Message, url: httpx.URL, status: int) -> bool:
    """Whether the redirect leads to a signed address, which has its own right of access."""
    return not has_same_origin(message.url, url) or (
        answers_with_a_file(message.operation) and status not in _KEEP_METHOD
    )
