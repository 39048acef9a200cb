"""The address of the API, and which URLs belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final, Self
from urllib.parse import quote, urlencode

import httpx

from polytomic_mcp.client.names import ARGUMENTS, Names
from polytomic_mcp.errors import ConfigurationError, UnexpectedAnswerError

__all__ = ["Address", "has_same_origin", "is_loopback", "origin"]

_API: Final = "/api/"
_MCP: Final = "/mcp"


@dataclass(frozen=True, slots=True)
class Address:
    """A base URL: an origin such as ``https://app.polytomic.com`` and a path prefix, ``""`` for none."""

    origin: str
    prefix: str = ""
    names: Names = field(repr=False, default=ARGUMENTS)

    @classmethod
    def parse(cls, base_url: str, names: Names = ARGUMENTS) -> Self:
        """Read a base URL. ``/api`` and slashes at its end are ignored, since every path starts with it.

        Without a scheme it is https, or http on this machine.

        Raises:
            ConfigurationError: It is not a valid base URL. The message omits it: it may contain a password.
        """
        url = _url(base_url.strip())
        is_whole = url.scheme in {"https", "http"} and url.host and "$" not in url.host
        if not is_whole or url.userinfo or url.query or url.fragment:
            raise ConfigurationError(
                f"{names.api_url} must be the address of Polytomic, like https://app.polytomic.com: "
                "http or https, a host, an optional path, and no user, query or fragment."
            )
        path = url.raw_path.decode("ascii").rstrip("/")
        if path.endswith(_MCP):
            raise ConfigurationError(
                f"{names.api_url} ends in {_MCP}, so it is the address of an MCP server. Set it to that of "
                f"Polytomic's API, like {origin(url)}{_without_api(path.removesuffix(_MCP))}"
            )
        return cls(origin(url), _without_api(path), names)

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
                f"{self.origin}{self.prefix}, and was not followed. {self.names.check(self.names.api_url)}"
            )
        return url


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: ``localhost`` or a loopback address."""
    name = host.lower().rstrip(".")
    try:
        address = ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def origin(url: httpx.URL) -> str:
    """Return the scheme, host and port; the scheme's default port is omitted."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def has_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether a key that was sent to one URL may be sent to the other."""
    return origin(one) == origin(other)


def _url(text: str) -> httpx.URL:
    """Return a URL; an empty one if the text is not valid."""
    try:
        if "://" in text:
            return httpx.URL(text)
        url = httpx.URL(f"https://{text}")
    except httpx.InvalidURL:
        return httpx.URL("")
    return url.copy_with(scheme="http") if is_loopback(url.host) else url


def _without_api(path: str) -> str:
    return path.removesuffix(_API.rstrip("/")).rstrip("/")
