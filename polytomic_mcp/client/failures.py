"""What httpx's exceptions say about a call that got no answer."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx

__all__ = ["is_unknown_host", "may_have_arrived", "tls_failure"]

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def may_have_arrived(error: httpx.TransportError) -> bool:
    """Return whether the request may have reached the API before the connection failed."""
    return not isinstance(error, _NEVER_SENT)


def tls_failure(error: httpx.TransportError) -> ssl.SSLError | None:
    """Return the TLS error behind a failure, which would occur again; None if there is none."""
    if not isinstance(error, httpx.ConnectError):
        return None
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)


def is_unknown_host(error: httpx.TransportError) -> bool:
    """Return whether the host's name has no address, as far as this machine can find out."""
    return any(isinstance(cause, socket.gaierror) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
