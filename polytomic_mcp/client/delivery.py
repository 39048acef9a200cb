"""Delivery: a message is sent, and repeated where that is safe, until there is a final answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

import anyio
import anyio.lowlevel
import httpx

from polytomic_mcp.client.failures import may_have_arrived
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.outages import no_answer, not_sent, out_of_time
from polytomic_mcp.client.retries import (
    RetryPolicy,
    repeats_answered,
    repeats_lost,
    retry_after,
)
from polytomic_mcp.client.transport import Answer, Transport

__all__ = ["Delivery"]

_ANSWERING: Final = 0.5
"""Seconds before the deadline of the calling code that are left to it, to say what happened."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends messages under a retry policy, and within the anyio deadline of the code that calls.

    ``clock`` returns seconds since the epoch, ``chance`` a random number from 0 to 1.
    """

    transport: Transport
    policy: RetryPolicy
    sleep: Callable[[float], Awaitable[object]]
    clock: Callable[[], float]
    chance: Callable[[], float]

    async def deliver(self, message: Message) -> Answer:
        """Return the final answer, whatever its status.

        Raises:
            NoAnswerError: No answer came within the policy's attempts and time.
            OutOfTimeError: None came before the deadline.
            UnexpectedAnswerError: The answer cannot be the API's.
        """
        await anyio.lowlevel.checkpoint_if_cancelled()
        left = anyio.current_effective_deadline() - anyio.current_time() - _ANSWERING
        seconds, is_callers = min(left, self.policy.total_seconds), left < self.policy.total_seconds
        if seconds <= 0:
            raise not_sent(message)
        try:
            with anyio.fail_after(seconds):
                return await self._repeat(message, ends=self.clock() + seconds)
        except TimeoutError as error:
            raise out_of_time(message, seconds, is_callers=is_callers) from error

    async def _repeat(self, message: Message, ends: float) -> Answer:
        attempt, is_unsure = 1, False
        while True:
            try:
                answer = await self.transport.send(message)
            except httpx.TransportError as error:
                is_unsure = is_unsure or may_have_arrived(error)
                if not (repeats_lost(message, error) and await self._wait(attempt, ends)):
                    raise no_answer(message, error, may_have_arrived=is_unsure) from error
            else:
                requested = retry_after(answer.headers, self.clock())
                if not (repeats_answered(message, answer) and await self._wait(attempt, ends, requested)):
                    return replace(answer, is_unsure=is_unsure, retry_after=requested)
                message = message if answer.status == HTTPStatus.CONFLICT else message.with_new_key()
            attempt += 1

    async def _wait(self, attempt: int, ends: float, requested: float | None = None) -> bool:
        """Wait for the next attempt, or return False at once if there are no attempts or no time left."""
        delay = self.policy.delay(attempt, self.chance(), requested)
        if attempt >= self.policy.attempts or self.clock() + delay >= ends:
            return False
        await self.sleep(delay)
        return True
