"""Retries: when a call is repeated, and after what delay. The rules do not read a clock."""

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from polytomic_mcp.client.failures import may_have_arrived, tls_failure
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.proxies import ProxyFailureError
from polytomic_mcp.client.refusals import Problem
from polytomic_mcp.client.transport import Answer

__all__ = [
    "RetryPolicy",
    "repeats_answered",
    "repeats_lost",
    "retry_after",
]

_TRANSIENT: Final = frozenset({429, 502, 503, 504})
_KEY_LOCK: Final = re.compile("idempoten", re.IGNORECASE)
_SECONDS: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one call is tried; all times in seconds.

    ``total_seconds`` limits the whole call, including its waits. ``attempts=1`` repeats nothing.
    ``shortest_delay`` comes before every repetition, so that a loop that polls once a second never sends more
    often.
    """

    attempts: int = 4
    total_seconds: float = 90.0
    shortest_delay: float = 1.0
    first_delay: float = 0.5
    longest_delay: float = 8.0

    def delay(self, attempt: int, chance: float, requested: float | None) -> float:
        """Return the wait after an attempt (the first is 1): the shortest plus jitter, or ``requested``.

        ``chance`` is a random number from 0 to 1, ``requested`` the result of ``retry_after``.
        """
        jitter = chance * min(self.longest_delay, self.first_delay * 2.0 ** (attempt - 1))
        return max(self.shortest_delay + jitter, requested or 0.0)


def repeats_lost(message: Message, error: httpx.TransportError) -> bool:
    """Return whether a call without an answer may be repeated, with the same key.

    A write that may have been sent is repeated only if the API recognizes the repetition. It does not for PUT
    and DELETE: a second one could undo a change that someone else made in between. What a proxy refused, and
    what failed in TLS, would fail again.
    """
    is_refusal = isinstance(error, ProxyFailureError) and error.has_refused
    if is_refusal or tls_failure(error) is not None:
        return False
    return not may_have_arrived(error) or not message.is_write or message.is_recognized


def repeats_answered(message: Message, answer: Answer) -> bool:
    """Return whether a call may be repeated although it was answered.

    After a 409 it is repeated only for the lock of an idempotency key, never for "already running"; after any
    other answer only if it reads. A call with the caller's own key is not: its outcome would be replayed.
    """
    if answer.status == HTTPStatus.CONFLICT:
        return message.is_recognized and _is_key_lock(answer)
    return answer.status in _TRANSIENT and not message.is_write and not message.has_callers_key


def retry_after(headers: httpx.Headers, now: float) -> float | None:
    """Return the seconds in ``Retry-After``, or None if it is missing or unreadable.

    ``now`` is in seconds since the epoch, for a header that holds an HTTP date.
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
