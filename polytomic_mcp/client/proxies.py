"""The proxies that the environment names: how requests go through one, and what is wrong with it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Final
from urllib.request import getproxies

import httpx

from polytomic_mcp.client.address import origin
from polytomic_mcp.client.outages import NOTHING_WRONG
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import cleaned, placeholder

__all__ = ["Proxy", "ProxyFailureError", "Through", "mounts"]

_SCHEMES: Final = ("http", "https", "all")
_SOCKS: Final = ("socks5", "socks5h")
_LAST_PORT: Final = 65_535
_LOOPBACK: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")
_STATUS: Final = re.compile(r"\d{3}")
_NO_LOGIN: Final = "status 407"
_TUNNEL_STANDS: Final = ("proxy.start_tls.started", "socks.start_tls.started")


class ProxyFailureError(httpx.ProxyError):
    """A proxy did not connect, so that nothing was sent. ``has_refused`` is true if it answered."""

    def __init__(self, text: str, *, has_refused: bool) -> None:
        super().__init__(text)
        self.has_refused = has_refused


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the environment variable that names it. ``url`` may contain a password."""

    variable: str
    url: httpx.URL = field(repr=False)

    @property
    def name(self) -> str:
        """The proxy's address without user and password."""
        return f"the proxy {origin(self.url)}"

    def transport(self, trust: SSLContext) -> httpx.AsyncBaseTransport:
        """Return the transport that sends through the proxy."""
        own_trust = trust if self.url.scheme == "https" else None
        proxy = httpx.Proxy(self.url, ssl_context=own_trust)
        return Through(self, httpx.AsyncHTTPTransport(verify=trust, trust_env=False, proxy=proxy))


class Through(httpx.AsyncBaseTransport):
    """Sends requests through a proxy, and says of each failure what the proxy has to do with it."""

    def __init__(self, proxy: Proxy, inner: httpx.AsyncBaseTransport) -> None:
        self._proxy = proxy
        self._inner = inner

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            ProxyFailureError: The proxy did not connect; nothing was sent to the API.
            httpx.TransportError: Anything else; a note names the proxy.
        """
        progress = _Progress()
        request.extensions["trace"] = progress
        try:
            return await self._inner.handle_async_request(request)
        except httpx.TransportError as error:
            if isinstance(error, httpx.PoolTimeout):
                raise
            if progress.is_past_proxy:
                error.add_note(f"The request went through {self._proxy.name} ({self._proxy.variable}).")
                raise
            raise self._failure(request, error) from error

    def _failure(self, request: httpx.Request, error: httpx.TransportError) -> ProxyFailureError:
        has_refused, why = isinstance(error, httpx.ProxyError), str(error)
        if _STATUS.match(why):  # without the rest: a proxy may repeat the password in its own words
            why = f"status {why[:3]}"
        what = f"did not connect to {origin(request.url)}" if has_refused else "did not answer"
        advice = f"Check {self._proxy.variable}, or add {request.url.host} to NO_PROXY."
        if why == _NO_LOGIN:
            advice = f"Check the user and the password in {self._proxy.variable}."
        reason = f" ({why.rstrip('.')})" if why else ""
        text = f"{self._proxy.name} {what}{reason}. {NOTHING_WRONG}. {advice}"
        return ProxyFailureError(text, has_refused=has_refused)


class _Progress:
    """What httpcore traces: whether the proxy has connected, or was sent the request itself."""

    def __init__(self) -> None:
        self.is_past_proxy = False

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        is_sent = event.endswith(".send_request_headers.started") and info["request"].method != b"CONNECT"
        self.is_past_proxy = self.is_past_proxy or is_sent or event in _TUNNEL_STANDS


def mounts(trust: SSLContext) -> dict[str, httpx.AsyncBaseTransport | None]:
    """Return the transport of each URL pattern, as httpx reads them from the environment.

    Raises:
        ConfigurationError: A variable cannot be read; the message names it, without the password in it.
    """
    given = {scheme: cleaned(value) for scheme, value in getproxies().items()}
    proxies = dict(_proxies(given))
    direct = list(_direct(given.get("no", "")))
    if "*" in direct:
        return {}
    through = {f"{scheme}://": proxy.transport(trust) for scheme, proxy in proxies.items()}
    return {**through, **dict.fromkeys((*direct, *_LOOPBACK))}


def _proxies(given: dict[str, str]) -> Iterator[tuple[str, Proxy]]:
    """Yield the proxy of each scheme; ``all`` only if it is used."""
    used = {scheme: given[scheme] for scheme in _SCHEMES if given.get(scheme)}
    for scheme, value in used.items():
        is_used = scheme != "all" or not {"http", "https"} <= used.keys()
        if is_used and placeholder(value) is None:
            yield scheme, _proxy(_variable(scheme), value)


def _proxy(variable: str, value: str) -> Proxy:
    advice = f"Set {variable} to an address like http://proxy.example.com:3128, or unset it."
    try:
        url = httpx.URL(value if "://" in value else f"http://{value}")
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https", *_SOCKS} or not url.host or (url.port or 1) > _LAST_PORT:
        raise ConfigurationError(f"{variable} is not the address of an HTTP proxy. {advice}")
    if url.scheme in _SOCKS and find_spec("socksio") is None:
        raise ConfigurationError(
            f"{variable} names a SOCKS proxy, which needs a package that is missing: pip install "
            f"'httpx[socks]'. Or use an HTTP proxy. {advice}"
        )
    return Proxy(variable, url)


def _direct(text: str) -> Iterator[str]:
    """Yield the URL pattern of each entry of NO_PROXY, and ``*`` for itself."""
    for entry in filter(None, map(cleaned, text.split(","))):
        pattern = entry if entry == "*" or "://" in entry else f"all://{_host_pattern(entry)}"
        try:
            httpx.URL(pattern)
        except httpx.InvalidURL:
            variable = _variable("no")
            raise ConfigurationError(
                f"{variable} has {quoted(entry)}, which cannot be read. Write an IPv6 address without "
                f"brackets, port and range, such as ::1, or remove it from {variable}."
            ) from None
        yield pattern


def _host_pattern(entry: str) -> str:
    """Return httpx's pattern of a host: an address means itself, and a name its subdomains as well."""
    try:
        version = ip_address(entry.partition("/")[0]).version
    except ValueError:
        return entry if entry.lower() == "localhost" else f"*{entry.removeprefix('*')}"
    return entry if version == 4 else f"[{entry}]"  # noqa: PLR2004 - the version of the Internet Protocol


def _variable(scheme: str) -> str:
    """Return the name of the variable that was read, as urllib chooses it: lower case goes first."""
    wanted = f"{scheme}_proxy"
    names = sorted((name for name in os.environ if name.lower() == wanted and os.environ[name]), reverse=True)
    return names[0] if names else f"{wanted.upper()} of the system's settings"
