"""Errors of every shape become one typed error that says what to do next."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.refusals import Problem
from polytomic_mcp.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from polytomic_mcp.settings import AuthMode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["key", "message", "error", "metadata", "x"]), inner)
    ),
)


async def _refused(
    script: Any, answer: httpx.Response, operation: str = "GET /api/me", **arguments: Any
) -> RefusedError:
    api, _ = script(answer)
    with pytest.raises(RefusedError) as caught:
        await api.call(operation, **arguments)
    return caught.value


@pytest.mark.parametrize(
    ("status", "class_", "advice"),
    [
        (400, RefusedError, "Correct the problem"),
        (401, UnauthorizedError, "Check api_key"),
        (403, ForbiddenError, "Ask an administrator"),
        (404, NotFoundError, "Check the ids"),
        (409, ConflictError, "Read the object's state"),
        (410, NotFoundError, "Start again"),
        (408, RefusedError, "call again, or request less."),
        (422, RefusedError, "Correct the problem"),
        (413, RefusedError, "send less at a time"),
        (429, RateLimitedError, "Nothing is wrong with the call: call again in a minute"),
        (500, UnavailableError, "Polytomic failed. Nothing is wrong with the call"),
        (501, UnavailableError, "Calling again does not help"),
        (503, UnavailableError, "is unavailable. Nothing is wrong with the call"),
        (304, RefusedError, ""),
    ],
)
async def test_a_status_is_an_error_of_its_class_with_advice(
    script: Any, status: int, class_: type[RefusedError], advice: str
) -> None:
    error = await _refused(script, httpx.Response(status))

    assert type(error) is class_
    assert (error.status, error.operation) == (status, "GET /api/me")
    assert str(error).startswith(f"GET /api/me was refused: {status}.")
    assert advice in str(error)


async def test_an_api_error_keeps_its_parts(script: Any) -> None:
    body = {"key": "invalid", "message": "Bad sync.", "metadata": {"field": "mode"}, "status": "422"}
    error = await _refused(script, httpx.Response(422, json=body, headers={"x-request-id": "r-1"}))

    assert (error.key, error.reason, error.metadata) == ("invalid", "Bad sync.", {"field": "mode"})
    assert error.request_id == "r-1"
    assert 'GET /api/me was refused: 422 (invalid) Bad sync. Details: {"field": "mode"}.' in str(error)


async def test_the_older_shape_keeps_its_parts(script: Any) -> None:
    body = {"code": 401, "error": "invalid token", "status": "Unauthorized", "context": {"token": "expired"}}
    error = await _refused(script, httpx.Response(401, json=body))

    assert isinstance(error, UnauthorizedError)
    assert (error.key, error.reason, error.metadata) == (None, "invalid token", {"token": "expired"})
    assert error.request_id is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", ""),
        (b"null", ""),
        (b"upstream timed out\n", "upstream timed out"),
        (b'"text"', "text"),
        (b'["a", 1]', '["a", 1]'),
        (b'{"message": {"nested": true}}', '{"nested": true}'),
        (b'{"message": "half \\ud800 pair"}', "half ? pair"),
        (b"x" * 5000, "x" * 1000 + "…"),
        (b"[" * 100_000, "[" * 1000 + "…"),
    ],
)
async def test_any_other_body_is_read_as_far_as_possible(script: Any, content: bytes, reason: str) -> None:
    error = await _refused(script, httpx.Response(400, content=content))

    assert error.reason == reason


def test_details_nested_too_deeply_are_mentioned_and_not_shown() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]

    assert Problem.read(b'{"metadata": {}}').metadata == {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json, "loads", lambda _: {"message": nested})
        assert Problem.read(b"").reason == "(nested too deeply to show)"
    while nested:
        nested = nested.pop()


@given(body=JSON)
def test_a_json_body_of_any_shape_is_read(body: Any) -> None:
    problem = Problem.read(json.dumps(body).encode())

    problem.reason.encode()
    assert isinstance(problem.metadata, dict)


@given(content=st.binary())
def test_a_body_of_any_bytes_is_read(content: bytes) -> None:
    assert isinstance(Problem.read(content).reason, str)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "which does not look like the Polytomic API. Check base_url"),
        (
            502,
            "so a proxy sent it. Polytomic, or a proxy in front of it, is unavailable. Nothing is wrong with",
        ),
    ],
)
async def test_a_web_page_is_not_taken_for_the_api(script: Any, status: int, said: str) -> None:
    api, _ = script(httpx.Response(status, html="\n<!doctype html><title>Proxy</title>"))

    with pytest.raises(RefusedError, match=f"The answer is a web page, {said}") as caught:
        await api.call("GET /api/me")

    assert caught.value.status == status
    assert "doctype" not in str(caught.value)


@pytest.mark.parametrize(
    ("operation", "arguments", "listing"),
    [
        ("GET /api/connections/{id}", {"id": "1"}, "GET /api/connections lists"),
        ("DELETE /api/syncs/{id}", {"id": "1"}, "GET /api/syncs lists"),
        (
            "GET /api/syncs/{sync_id}/executions/{id}",
            {"sync_id": "1", "id": "2"},
            "GET /api/syncs/{sync_id}/executions",
        ),
        ("GET /api/syncs/{sync_id}/executions", {"sync_id": "1"}, "GET /api/syncs lists"),
        (
            "GET /api/connections/{id}/schemas/{schema_id}",
            {"id": "1", "schema_id": "2"},
            "GET /api/connections lists",
        ),
        ("GET /api/entities/{id}", {"id": "1"}, "that this version of the API has the operation"),
        ("GET /api/me", {}, "that this version of the API has the operation"),
    ],
)
async def test_a_missing_object_points_to_its_listing(
    script: Any, operation: str, arguments: dict[str, str], listing: str
) -> None:
    error = await _refused(script, httpx.Response(404), operation, **arguments)

    assert listing in str(error)


@pytest.mark.parametrize(
    ("status", "text"), [(400, "cache refresh in progress"), (422, "Source did not provide any schemas")]
)
async def test_schemas_that_are_not_ready_say_when_to_call_again(script: Any, status: int, text: str) -> None:
    error = await _refused(script, httpx.Response(status, json={"message": text}))

    assert "schemas are being read. Call again when" in str(error)


async def test_a_failed_write_says_that_it_may_have_happened(script: Any) -> None:
    error = await _refused(script, httpx.Response(500), "POST /api/syncs/{id}/cancel", id="1")

    assert "may have taken effect" in str(error)


@pytest.mark.parametrize("auth_mode", ["user", "partner"])
async def test_a_key_that_an_answer_repeats_is_masked(key: str, auth_mode: AuthMode) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text=f"{request.headers['Authorization']} {key} is odd")

    api = Polytomic(key, auth_mode=auth_mode, organization_id="o", transport=httpx.MockTransport(echo))
    with pytest.raises(RefusedError) as caught:
        await api.call("GET /api/me")

    assert caught.value.reason.endswith("********** ********** is odd")


async def test_a_very_short_key_does_not_garble_the_answer() -> None:
    api = Polytomic(
        "e", transport=httpx.MockTransport(lambda _: httpx.Response(400, json={"message": "here"}))
    )

    with pytest.raises(RefusedError) as caught:
        await api.call("GET /api/me")

    assert caught.value.reason == "here"
