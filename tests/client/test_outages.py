"""Whose failure it is, what to do, and whether a write happened: the end of each error's text."""

import socket
import ssl
from typing import Any, Final

import anyio
import httpx
import pytest

from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.client.outages import SYSTEM_IS_OUT, is_system_out
from polytomic_mcp.errors import NoAnswerError, OutOfTimeError, PolytomicError

ONCE: Final = RetryPolicy(attempts=1)
READ: tuple[str, dict[str, Any]] = ("GET /api/syncs/{id}", {"id": "s"})
POST: tuple[str, dict[str, Any]] = ("POST /api/syncs/{id}/executions", {"id": "s"})
PUT: tuple[str, dict[str, Any]] = ("PUT /api/organizations/{id}", {"id": "o", "name": "n"})

RIGHT = "Nothing is wrong with the call"
IN_A_MINUTE = f"{RIGHT}: call again in a minute."
IN_30_S = f"{RIGHT}: call again in 30 s."
UNSURE = "It may have taken effect: read the object's state before you repeat the call."
NOT_SENT = "It was not sent, so nothing was changed."
UNCHANGED = "Nothing was changed."
DOWN = "If both are right, Polytomic is down: call again in a minute."
LESS = f"{RIGHT}: call again in a minute, or request less."


def caused(error: Exception, cause: Exception) -> Exception:
    """Return the error as httpx raises it, with its cause."""
    error.__cause__ = cause
    return error


STATUSES: list[tuple[int, str, str | None, str]] = [
    (400, "Bad name.", None, "Correct the problem and call again."),
    (400, "Snowflake could not be reached: it is down.", None, SYSTEM_IS_OUT),
    (401, "", None, "Check api_key and auth_mode, and that the key belongs to base_url."),
    (403, "", None, "Ask an administrator, or use another key."),
    (404, "", None, "Check the ids. GET /api/syncs lists the objects that exist."),
    (408, "", None, f"{RIGHT}: call again, or request less."),
    (409, "", None, "it may be running or in use, or its name taken."),
    (409, "connection refused by the warehouse", None, SYSTEM_IS_OUT),
    (413, "", None, "The request is too large: send less at a time."),
    (422, "Bad mode.", None, "Correct the problem and call again."),
    (422, "The database did not respond in time", None, SYSTEM_IS_OUT),
    (429, "", None, f"Polytomic limits how often this key may call. {IN_A_MINUTE}"),
    (429, "", "30", f"Polytomic limits how often this key may call. {IN_30_S}"),
    (500, "", None, f"Polytomic failed. {IN_A_MINUTE}"),
    (501, "", None, "Calling again does not help."),
    (502, "", None, f"Polytomic, or a proxy in front of it, is unavailable. {IN_A_MINUTE}"),
    (503, "", "30", f"Polytomic, or a proxy in front of it, is unavailable. {IN_30_S}"),
    (504, "", None, f"Polytomic, or a proxy in front of it, is unavailable. {IN_A_MINUTE}"),
    (520, "", "0.2", f"{RIGHT}: call again in 1 s."),
]
EFFECTS = {408: UNSURE, 429: UNCHANGED, 500: UNSURE, 502: UNSURE, 503: UNSURE, 504: UNSURE, 520: UNSURE}

LOST: list[tuple[Exception, str, bool]] = [
    (httpx.ReadTimeout("silent"), f"https://app.polytomic.com stopped responding. {LESS}", True),
    (httpx.WriteTimeout("silent"), f"https://app.polytomic.com stopped responding. {LESS}", True),
    (httpx.ReadError("reset"), f"broke before the answer was complete (reset). {IN_A_MINUTE}", True),
    (httpx.RemoteProtocolError("half"), f"broke before the answer was complete (half). {IN_A_MINUTE}", True),
    (httpx.ConnectError("refused"), f"(refused). {RIGHT}. Check base_url and the network. {DOWN}", False),
    (httpx.ConnectTimeout(""), f"{RIGHT}. Check base_url and the network. {DOWN}", False),
    (
        caused(httpx.ConnectError("unknown"), socket.gaierror(-2, "unknown")),
        f"because it found no address for it (unknown). {RIGHT}. Check base_url and the network. {DOWN}",
        False,
    ),
    (
        caused(httpx.ConnectError("tls"), ssl.SSLError("expired")),
        "If the port speaks plain HTTP, use http:// in base_url.",
        False,
    ),
    (
        httpx.PoolTimeout(""),
        "too many calls are running at the same time. Make fewer calls at a time.",
        False,
    ),
]


async def _text(api: Polytomic, call: tuple[str, dict[str, Any]]) -> str:
    with pytest.raises(PolytomicError) as caught:
        await api.call(call[0], **call[1])
    return str(caught.value)


@pytest.mark.parametrize(("status", "reason", "asked", "end"), STATUSES)
async def test_a_status_ends_in_what_to_do(
    script: Any, status: int, reason: str, asked: str | None, end: str
) -> None:
    headers = {"Retry-After": asked} if asked else {}
    api, _ = script(httpx.Response(status, json={"message": reason}, headers=headers), retry=ONCE)

    read, written = await _text(api, READ), await _text(api, PUT)

    assert read.endswith(f" {end}")
    if status != 404:  # another listing
        assert written.endswith(f" {end} {EFFECTS[status]}" if status in EFFECTS else f" {end}")


@pytest.mark.parametrize(("error", "end", "may_have_arrived"), LOST)
async def test_a_lost_call_ends_in_what_to_do(
    script: Any, error: Exception, end: str, *, may_have_arrived: bool
) -> None:
    api, network = script(error, retry=ONCE)

    read, written, keyed = await _text(api, READ), await _text(api, PUT), await _text(api, POST)

    repeat = f"{UNSURE.removesuffix('.')}, or repeat it with the idempotency key {network.keys[-1]}."
    assert read.endswith(end)
    assert written.endswith(f"{end} {UNSURE if may_have_arrived else NOT_SENT}")
    assert keyed.endswith(f"{end} {repeat if may_have_arrived else NOT_SENT}")


def _silent(_: httpx.Request) -> Any:
    return anyio.sleep_forever()


async def test_a_call_ends_before_the_deadline_of_the_code_that_calls() -> None:
    api = Polytomic("key", transport=httpx.MockTransport(_silent))

    with anyio.fail_after(0.6), pytest.raises(OutOfTimeError) as read:
        await api.call(READ[0], **READ[1])
    with anyio.fail_after(0.6), pytest.raises(OutOfTimeError) as written:
        await api.call(PUT[0], **PUT[1])

    slow = f"s. {RIGHT}: Polytomic is slow or silent. Call again later, or request less."
    assert str(read.value).endswith(slow)
    assert str(written.value).endswith(f"{slow} {UNSURE}")
    assert written.value.may_have_arrived


async def test_a_call_without_time_for_an_answer_is_not_sent(script: Any) -> None:
    api, network = script()

    with (
        anyio.fail_after(0.4),
        pytest.raises(OutOfTimeError, match="was not sent, because no time") as caught,
    ):
        await api.call(PUT[0], **PUT[1])

    assert not caught.value.may_have_arrived
    assert network.requests == []


async def test_a_wait_before_a_repetition_does_not_exceed_the_deadline(script: Any) -> None:
    api, network = script(httpx.Response(503, headers={"Retry-After": "20"}))

    with anyio.fail_after(15):
        text = await _text(api, READ)

    assert text.endswith("call again in 20 s.")
    assert network.waits == []


async def test_in_a_cancelled_scope_nothing_is_sent(script: Any) -> None:
    api, network = script()

    with anyio.CancelScope() as scope:
        scope.cancel()
        await api.call(READ[0], **READ[1])

    assert scope.cancelled_caught
    assert network.requests == []


async def test_without_a_deadline_the_clients_own_limit_counts() -> None:
    api = Polytomic("key", transport=httpx.MockTransport(_silent), retry=RetryPolicy(total_seconds=0.01))

    with pytest.raises(NoAnswerError) as caught:
        await api.call(READ[0], **READ[1])

    assert not isinstance(caught.value, OutOfTimeError)


@pytest.mark.parametrize(
    "text",
    [
        "Unknown column 'timeout'",
        "Enter a host that can be reached",
        "Cannot connect a model twice",
        "",
        None,
    ],
)
def test_other_words_do_not_mean_an_outage(text: str | None) -> None:
    assert not is_system_out(text)
