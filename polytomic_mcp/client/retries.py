"""When a call is repeated, and after what delay: rules without a clock of their own."""

import re
import ssl
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from polytomic_mcp.client.message import Message
from polytomic_mcp.client.refusals import Problem
from polytomic_mcp.client.transport import Answer

__all__ = [
    "RetryPolicy",
    "may_have_arrived",
    "repeats_answered",
    "repeats_lost",
    "retry_after",
    "tls_failure",
]

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_TRANSIENT: Final = frozenset({429, 502, 503, 504})
_KEY_LOCK: Final = re.compile("idempoten", re.IGNORECASE)
_SECONDS: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one call is tried; all times in seconds.

    ``total_seconds`` bounds the call as a whole, its waits included. ``attempts=1`` repeats nothing.
    ``shortest_delay`` lies before every repetition, so that what polls once a second never asks more often.
    """

    attempts: int = 4
    total_seconds: float = 90.0
    shortest_delay: float = 1.0
    first_delay: float = 0.5
    longest_delay: float = 8.0

    def delay(self, attempt: int, chance: float, asked: float | None) -> float:
        """Return the wait after an attempt (the first is 1): jitter above the shortest, or what was asked.

        ``chance`` is a random number from 0 to 1, ``asked`` what ``retry_after`` found.
        """
        jitter = chance * min(self.longest_delay, self.first_delay * 2.0 ** (attempt - 1))
        return max(self.shortest_delay + jitter, asked or 0.0)


def repeats_lost(message: Message, error: httpx.TransportError) -> bool:
    """Whether a call whose answer never came may be made again, with the same key.

    A write that may have left is repeated only where the API recognizes the repetition. PUT and
    DELETE are not: a second one could undo what somebody else changed in between.
    """
    if tls_failure(error) is not None:
        return False
    return not may_have_arrived(error) or not message.is_write or message.is_recognized


def repeats_answered(message: Message, answer: Answer) -> bool:
    """Whether a call may be made again although it was answered.

    A 409 is repeated only for the lock of an idempotency key, never for "already running"; any other
    answer only for a read. Outcomes are replayed for the same key, so the caller's own rules that out.
    """
    if answer.status == HTTPStatus.CONFLICT:
        return message.is_recognized and _is_key_lock(answer)
    return answer.status in _TRANSIENT and not message.is_write and not message.has_callers_key


def may_have_arrived(error: httpx.TransportError) -> bool:
    """Whether the request may have reached the API before the connection failed."""
    return not isinstance(error, _NEVER_SENT)


def tls_failure(error: httpx.TransportError) -> ssl.SSLError | None:
    """Return why the two sides could not agree on TLS, which a second attempt does not change, or None."""
    cause: BaseException | None = error
    while isinstance(error, httpx.ConnectError) and cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def retry_after(headers: httpx.Headers, now: float) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, or None without a readable one.

    ``now`` is in seconds since the epoch, for the header's form as an HTTP date.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now)


def _is_key_lock(answer: Answer) -> bool:
    # A guess: the API's documentation promises a 409 while the key is in use, but not its text.
    problem = Problem.read(answer.content)
    return any(_KEY_LOCK.search(text) for text in (problem.key or "", problem.reason))
