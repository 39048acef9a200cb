"""Outages: whose they are, what to do, and whether a write happened; httpx's exceptions as typed errors."""

import math
import re
from typing import Final

import httpx

from polytomic_mcp.client.address import origin
from polytomic_mcp.client.failures import is_unknown_host, tls_failure
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.names import Names
from polytomic_mcp.errors import NoAnswerError, OutOfTimeError

__all__ = [
    "NOTHING_WRONG",
    "SYSTEM_IS_OUT",
    "UNSURE",
    "is_system_out",
    "no_answer",
    "not_sent",
    "out_of_time",
    "when",
]

NOTHING_WRONG: Final = "Nothing is wrong with the call"
UNSURE: Final = "It may have taken effect: read the object's state before you repeat the call"
SYSTEM_IS_OUT: Final = (
    "Polytomic could not reach the system behind the connection. If the connection's settings are right, "
    "there is nothing to correct: call again when that system answers."
)

# A guess: no source names the words or the key of such a refusal. The sandbox's are among them.
_SYSTEM_IS_OUT: Final = re.compile(
    r"unreachable|(could not|cannot|can't|unable to|failed to) (be reached|reach\b|connect to)|"
    r"did not (answer|respond)|(not|stopped) responding|connect\w* (attempts? failed|timed out|timeout)|"
    r"connection (was )?(refused|reset|closed|lost)|(temporarily|service) unavailable|no route to host|"
    r"server (is down|has gone away)",
    re.IGNORECASE,
)


def is_system_out(*texts: str | None) -> bool:
    """Return whether an error's texts say that Polytomic could not reach a source or a destination."""
    return any(text and _SYSTEM_IS_OUT.search(text) for text in texts)


def when(retry_after: float | None) -> str:
    """Return when to call again, with the seconds that the server asked for."""
    return "in a minute" if retry_after is None else f"in {max(1, math.ceil(retry_after))} s"


def no_answer(message: Message, error: httpx.TransportError, *, may_have_arrived: bool) -> NoAnswerError:
    """Return the error for a call that got no answer, or only part of one."""
    text = " ".join([_what_happened(message, error), *getattr(error, "__notes__", ())])
    return NoAnswerError(
        f"{message.operation.id} got no answer: {text}{_effect(message, may_have_arrived=may_have_arrived)}",
        may_have_arrived=may_have_arrived,
    )


def out_of_time(message: Message, seconds: float, *, is_callers: bool) -> NoAnswerError:
    """Return the error for a call that exceeded its total time, or the time that its caller had left."""
    error = OutOfTimeError if is_callers else NoAnswerError
    return error(
        f"{message.operation.id} got no answer: no complete answer from {origin(message.url)} in "
        f"{seconds:.3g} s. {NOTHING_WRONG}: Polytomic is slow or silent. Call again later, or request less."
        f"{_effect(message, may_have_arrived=True)}",
        may_have_arrived=True,
    )


def not_sent(message: Message) -> OutOfTimeError:
    """Return the error for a call for which its caller has no time left."""
    return OutOfTimeError(
        f"{message.operation.id} was not sent, because no time was left for an answer. {NOTHING_WRONG}: call "
        "again, or request less at a time."
    )


def _effect(message: Message, *, may_have_arrived: bool) -> str:
    """Return whether a write happened, as a sentence after a space; nothing for a read."""
    if not message.is_write:
        return ""
    if not may_have_arrived:
        return " It was not sent, so nothing was changed."
    again = f", or repeat it with the idempotency key {message.key}" if message.is_recognized else ""
    return f" {UNSURE}{again}."


def _what_happened(message: Message, error: httpx.TransportError) -> str:
    host, names = origin(message.url), message.names
    match error:
        case _ if (failure := tls_failure(error)) is not None:
            return _tls(host, failure, names)
        case httpx.ProxyError():
            return str(error)
        case httpx.ConnectTimeout() | httpx.ConnectError():
            found = " because it found no address for it" if is_unknown_host(error) else ""
            check = names.check(names.api_url, "the network")
            down = f"If both are right, Polytomic is down: call again {when(None)}."
            what = f"this machine could not connect to {host}{found}{_why(error)}"
            return f"{what}. {NOTHING_WRONG}. {check} {down}"
        case httpx.PoolTimeout():
            return "too many calls are running at the same time. Make fewer calls at a time."
        case httpx.TimeoutException():
            return f"{host} stopped responding. {NOTHING_WRONG}: call again {when(None)}, or request less."
        case _:
            broke = f"the connection to {host} broke before the answer was complete{_why(error)}"
            return f"{broke}. {NOTHING_WRONG}: call again {when(None)}."


def _tls(host: str, failure: Exception, names: Names) -> str:
    return (
        f"TLS with {host} failed{_why(failure)}. {NOTHING_WRONG}. "
        "If your company's proxy signs certificates, add its own certificate to those that the operating "
        f"system trusts. If the port speaks plain HTTP, use http:// in {names.api_url}."
    )


def _why(error: Exception) -> str:
    return f" ({error})" if str(error) else ""
