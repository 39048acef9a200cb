"""The address of the API, and which URLs belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, urlencode

import httpx

from polytomic_mcp.errors import ConfigurationError, UnexpectedAnswerError

__all__ = ["Address", "has_same_origin", "origin"]

_API: Final = "/api/"


@dataclass(frozen=True, slots=True)
class Address:
    """A base URL: an origin such as ``https://app.polytomic.com`` and a path prefix, ``""`` for none."""

    origin: str
    prefix: str = ""

    @classmethod
    def parse(cls, base_url: str) -> Self:
        """Read a base URL; without a scheme it is https, and trailing slashes are ignored.

        Raises:
            ConfigurationError: It is not a valid base URL. The message omits it: it may contain a password.
        """
        text = base_url.strip()
        try:
            url = httpx.URL(text if "://" in text else f"https://{text}")
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in {"https", "http"} or not url.host or url.userinfo or url.query or url.fragment:
            raise ConfigurationError(
                "POLYTOMIC_API_URL must be the address of Polytomic, like https://app.polytomic.com: "
                "http or https, a host, an optional path, and no user, query or fragment."
            )
        return cls(origin(url), url.raw_path.decode("ascii").rstrip("/"))

    def url(self, path: str, query: Sequence[tuple[str, str]] = ()) -> httpx.URL:
        """Return the URL of a quoted path that starts with ``/api/``; raises httpx.InvalidURL if too long."""
        suffix = f"?{urlencode(query, quote_via=quote)}" if query else ""
        return httpx.URL(f"{self.origin}{self.prefix}{path}{suffix}")

    def resolve(self, link: str, here: httpx.URL) -> httpx.URL:
        """Return the URL of a link in an answer from ``here``; the link is absolute or relative.

        A server behind a path prefix does not know the prefix, so it is added to a path that lacks it.

        Raises:
            UnexpectedAnswerError: The link leads to another origin or outside the API.
            httpx.InvalidURL: It is not a valid link.
        """
        url = here.join(link)
        own = f"{self.prefix}{_API}".encode()
        if url.raw_path.startswith(_API.encode()) and not url.raw_path.startswith(own):
            url = url.copy_with(raw_path=self.prefix.encode() + url.raw_path)
        if origin(url) != self.origin or url.userinfo or not url.raw_path.startswith(own):
            raise UnexpectedAnswerError(
                f"The link to the next page leads to {origin(url)}, not to the API at "
                f"{self.origin}{self.prefix}, and was not followed. Check POLYTOMIC_API_URL."
            )
        return url


def origin(url: httpx.URL) -> str:
    """Return the scheme, host and port; the scheme's default port is omitted."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def has_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether a key that was sent to one URL may be sent to the other."""
    return origin(one) == origin(other)
