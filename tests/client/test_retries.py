"""What is repeated, how often, when, and with which key."""

from email.utils import formatdate
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.retries import repeats_lost, retry_after
from polytomic_mcp.errors import (
    ConflictError,
    NoAnswerError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)

GET = ("GET /api/me", {})
READ_BY_POST = ("POST /api/connections/test", {"type": "snowflake", "configuration": {}})
POST: tuple[str, dict[str, Any]] = ("POST /api/syncs/{id}/executions", {"id": "s"})
PATCH = ("PATCH /api/bulk/syncs/{id}/schemas", {"id": "b"})
PUT = ("PUT /api/organizations/{id}", {"id": "o", "name": "n"})
DELETE = ("DELETE /api/syncs/{id}", {"id": "s"})
KEYED_PUT = (PUT[0], {**PUT[1], "headers": {"Idempotency-Key": "my-own-key"}})
KEYED_POST = (POST[0], {**POST[1], "headers": {"Idempotency-Key": "my-own-key"}})
KEYED_READ = (READ_BY_POST[0], {**READ_BY_POST[1], "headers": {"Idempotency-Key": "my-own-key"}})

LATIN = st.characters(max_codepoint=255)
UNREACHED = httpx.ConnectError("refused")
LOST = httpx.ReadError("reset")
LOCK = httpx.Response(409, json={"key": "idempotency_lock", "message": "in flight"})
LOCK_IN_WORDS = httpx.Response(409, json={"message": "A request with this Idempotency-Key is in progress"})
RUNNING = httpx.Response(409, json={"message": "sync is already running"})


def _status(status: int) -> httpx.Response:
    return httpx.Response(status, json={"message": "no"})


@pytest.mark.parametrize(
    ("call", "first", "keys"),
    [
        (GET, UNREACHED, "none"),
        (GET, httpx.ConnectTimeout("slow"), "none"),
        (GET, LOST, "none"),
        (GET, httpx.ReadTimeout("silent"), "none"),
        (GET, httpx.RemoteProtocolError("half"), "none"),
        (GET, _status(429), "none"),
        (GET, _status(502), "none"),
        (GET, _status(503), "none"),
        (GET, _status(504), "none"),
        (READ_BY_POST, LOST, "same"),
        (READ_BY_POST, _status(429), "new"),
        (READ_BY_POST, _status(503), "new"),
        (POST, UNREACHED, "same"),
        (POST, LOST, "same"),
        (POST, httpx.WriteTimeout("slow"), "same"),
        (POST, LOCK, "same"),
        (POST, LOCK_IN_WORDS, "same"),
        (KEYED_POST, LOST, "same"),
        (KEYED_POST, LOCK, "same"),
        (PATCH, LOST, "same"),
        (PUT, UNREACHED, "none"),
        (PUT, httpx.ConnectTimeout("slow"), "none"),
        (KEYED_PUT, UNREACHED, "same"),
        (DELETE, UNREACHED, "none"),
    ],
)
async def test_a_call_that_may_be_repeated_is_repeated(
    script: Any, call: tuple[str, dict[str, Any]], first: Any, keys: str
) -> None:
    api, network = script(first, httpx.Response(200, json={"data": "done"}))

    body = await api.call(call[0], **call[1])

    one, two = network.keys
    assert body == {"data": "done"}
    assert keys == ("none" if one is two is None else "same" if one == two else "new")
    assert network.waits == [1.5]


@pytest.mark.parametrize(
    ("call", "first", "error"),
    [
        (GET, _status(400), RefusedError),
        (GET, _status(404), NotFoundError),
        (GET, _status(408), RefusedError),
        (GET, _status(500), UnavailableError),
        (GET, LOCK, ConflictError),
        (POST, RUNNING, ConflictError),
        (POST, _status(429), RateLimitedError),
        (POST, _status(500), UnavailableError),
        (POST, _status(502), UnavailableError),
        (POST, _status(503), UnavailableError),
        (POST, _status(504), UnavailableError),
        (PATCH, _status(503), UnavailableError),
        (PATCH, _status(429), RateLimitedError),
        (PUT, LOST, NoAnswerError),
        (PUT, httpx.ReadTimeout("silent"), NoAnswerError),
        (PUT, LOCK, ConflictError),
        (PUT, RUNNING, ConflictError),
        (PUT, _status(429), RateLimitedError),
        (PUT, _status(503), UnavailableError),
        (KEYED_PUT, LOST, NoAnswerError),
        (KEYED_PUT, LOCK, ConflictError),
        (KEYED_PUT, _status(503), UnavailableError),
        (DELETE, LOST, NoAnswerError),
        (DELETE, RUNNING, ConflictError),
        (DELETE, _status(429), RateLimitedError),
        (DELETE, _status(502), UnavailableError),
        (DELETE, _status(504), UnavailableError),
        (KEYED_READ, _status(503), UnavailableError),
    ],
)
async def test_a_call_that_must_not_be_repeated_is_not(
    script: Any, call: tuple[str, dict[str, Any]], first: Any, error: type[Exception]
) -> None:
    api, network = script(first)

    with pytest.raises(error):
        await api.call(call[0], **call[1])

    assert len(network.requests) == 1
    assert network.waits == []


@pytest.mark.parametrize(("error", "is_repeated"), [(LOST, False), (UNREACHED, True)])
def test_a_write_without_a_key_is_repeated_only_if_it_was_not_sent(
    error: httpx.TransportError, *, is_repeated: bool
) -> None:
    operation = Operation("POST /api/new", "POST", "/api/new", "A later operation.", "write")
    message = Message(operation, "POST", httpx.URL("https://host/api/new"), {}, "Bearer key").with_key(None)

    assert repeats_lost(message, error) is is_repeated


async def test_each_call_has_a_key_of_its_own(script: Any) -> None:
    api, network = script()

    await api.call(POST[0], **POST[1])
    await api.call(POST[0], **POST[1])

    assert len(set(network.keys)) == 2


async def test_the_attempts_are_limited_and_the_waits_grow(script: Any) -> None:
    api, network = script(_status(503), retry=RetryPolicy(attempts=6, longest_delay=3))

    with pytest.raises(UnavailableError):
        await api.call("GET /api/me")

    assert network.waits == [1.5, 2, 3, 4, 4]


async def test_the_waits_are_a_second_plus_jitter(script: Any) -> None:
    api, network = script(_status(503), chance=lambda: 0.25)

    with pytest.raises(UnavailableError):
        await api.call("GET /api/me")

    assert network.waits == [1.125, 1.25, 1.5]


async def test_one_attempt_repeats_nothing(script: Any) -> None:
    api, network = script(LOST, retry=RetryPolicy(attempts=1))

    with pytest.raises(NoAnswerError):
        await api.call("GET /api/me")

    assert len(network.requests) == 1


async def test_no_wait_exceeds_the_time_of_the_whole_call(script: Any) -> None:
    api, network = script(_status(503), retry=RetryPolicy(attempts=100, total_seconds=7))

    with pytest.raises(UnavailableError):
        await api.call("GET /api/me")

    assert network.waits == [1.5, 2, 3]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("7", 7),
        (" 7.5 ", 7.5),
        ("0", 1.5),
        ("date", 20),
        ("past", 1.5),
        ("soon", 1.5),
        ("-3", 1.5),
        ("", 1.5),
    ],
)
async def test_retry_after_is_honored(script: Any, now: float, asked: str, waited: float) -> None:
    dates = {"date": formatdate(now + 20, usegmt=True), "past": formatdate(now - 20, usegmt=True)}
    refusal = httpx.Response(429, headers={"Retry-After": dates.get(asked, asked)})
    api, network = script(refusal, httpx.Response(200, json={}))

    await api.call("GET /api/me")

    assert network.waits == [waited]


async def test_a_retry_after_beyond_the_limit_is_reported_and_not_shortened(script: Any) -> None:
    api, network = script(httpx.Response(429, headers={"Retry-After": "3600"}))

    with pytest.raises(RateLimitedError, match="call again in 3600 s"):
        await api.call("GET /api/me")

    assert network.waits == []


@given(value=st.text(LATIN) | st.from_regex(r"[A-Z][a-z]{2}, \d+ (Jan|Feb) \d+ [\d:]+ .*", alphabet=LATIN))
def test_any_retry_after_is_a_wait_or_nothing(value: str) -> None:
    wait = retry_after(httpx.Headers([(b"Retry-After", value.encode("latin-1"))]), 0.0)

    assert wait is None or wait >= 0


def test_a_retry_after_without_a_zone_is_utc() -> None:
    assert retry_after(httpx.Headers({"Retry-After": "Thu, 01 Jan 1970 00:01:00 -0000"}), 0.0) == 60


async def test_a_call_that_takes_too_long_is_cancelled() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        return httpx.Response(200, request=request)

    api = Polytomic("key", transport=httpx.MockTransport(never), retry=RetryPolicy(total_seconds=0.01))

    with pytest.raises(
        NoAnswerError, match=r"no complete answer from https://app.polytomic.com in 0.01 s"
    ) as caught:
        await api.call(POST[0], **POST[1])

    assert caught.value.may_have_arrived


@pytest.mark.parametrize(
    ("outcomes", "may_have_arrived"),
    [([UNREACHED], False), ([LOST], True), ([LOST, UNREACHED], True), ([UNREACHED, LOST], True)],
)
async def test_an_error_knows_whether_the_write_may_have_happened(
    script: Any, outcomes: list[Exception], *, may_have_arrived: bool
) -> None:
    api, _ = script(*outcomes)

    with pytest.raises(NoAnswerError) as caught:
        await api.call(POST[0], **POST[1])

    assert caught.value.may_have_arrived is may_have_arrived
    assert ("may have taken effect" in str(caught.value)) is may_have_arrived


@pytest.mark.parametrize("call", [PUT, DELETE])
@pytest.mark.parametrize("first", [LOST, _status(502)])
async def test_a_replacement_or_deletion_that_may_have_happened_says_to_read_the_state_first(
    script: Any, call: tuple[str, dict[str, Any]], first: Any
) -> None:
    api, _ = script(first)

    with pytest.raises((NoAnswerError, UnavailableError), match="read the object's state before you repeat"):
        await api.call(call[0], **call[1])


async def test_a_repeated_write_that_is_refused_says_that_the_first_may_have_done_it(script: Any) -> None:
    api, _ = script(LOST, _status(404))

    with pytest.raises(NotFoundError, match="may have taken effect"):
        await api.call(POST[0], **POST[1])


async def test_a_deletion_that_was_not_sent_before_is_not_said_to_have_happened(script: Any) -> None:
    api, _ = script(UNREACHED, _status(404))

    with pytest.raises(NotFoundError) as caught:
        await api.call(DELETE[0], **DELETE[1])

    assert "may have taken effect" not in str(caught.value)
