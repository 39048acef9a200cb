"""Errors for calls without an answer: httpx's exceptions become one typed error with an explanation."""

import httpx

from polytomic_mcp.client.address import origin
from polytomic_mcp.client.failures import tls_failure
from polytomic_mcp.client.message import Message
from polytomic_mcp.errors import NoAnswerError

__all__ = ["no_answer", "out_of_time"]


def no_answer(message: Message, error: httpx.TransportError, *, may_have_arrived: bool) -> NoAnswerError:
    """Return the error for a call that got no answer, or only part of one."""
    text = " ".join([_what_happened(message, error), *getattr(error, "__notes__", ())])
    return _error(message, text, may_have_arrived=may_have_arrived)


def out_of_time(message: Message, seconds: float) -> NoAnswerError:
    """Return the error for a call that exceeded its total time."""
    text = f"no complete answer from {origin(message.url)} in {seconds:g} s. Try again, or request less."
    return _error(message, text, may_have_arrived=True)


def _error(message: Message, text: str, *, may_have_arrived: bool) -> NoAnswerError:
    unsure = " It may have taken effect: read the object's state before you repeat the call."
    is_unsure = message.is_write and may_have_arrived
    return NoAnswerError(
        f"{message.operation.id} got no answer: {text}{unsure if is_unsure else ''}",
        may_have_arrived=may_have_arrived,
    )


def _what_happened(message: Message, error: httpx.TransportError) -> str:
    host, names = origin(message.url), message.names
    if (failure := tls_failure(error)) is not None:
        return (
            f"TLS with {host} failed{_why(failure)}. If your company's proxy signs certificates, "
            "add its own certificate to those that the operating system trusts. If the port speaks plain "
            f"HTTP, use http:// in {names.api_url}."
        )
    match error:
        case httpx.ProxyError():
            return str(error)
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return f"could not connect to {host}{_why(error)}. {names.check(names.api_url, 'the network')}"
        case httpx.PoolTimeout():
            return "too many calls are running at the same time. Make fewer calls at a time."
        case httpx.TimeoutException():
            return f"{host} stopped responding. Try again, or request less."
        case _:
            return f"the connection to {host} broke before the answer was complete{_why(error)}. Try again."


def _why(error: Exception) -> str:
    return f" ({error})" if str(error) else ""
