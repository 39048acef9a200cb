"""What httpx's exceptions say about a call that got no answer."""

import ssl
from typing import Final

import httpx

__all__ = ["may_have_arrived", "tls_failure"]

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
    cause: BaseException | None = error
    while isinstance(error, httpx.ConnectError) and cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
