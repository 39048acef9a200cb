"""Answers of the API: JSON, an empty body, or something that is not the API's."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.errors import UnexpectedAnswerError


def _nested(levels: int) -> list[Any]:
    return [_nested(levels - 1)] if levels else []


@pytest.mark.parametrize("content", [b"", b" \n"])
async def test_an_empty_answer_is_none(script: Any, content: bytes) -> None:
    api, _ = script(httpx.Response(204, content=content))

    assert await api.call("DELETE /api/syncs/{id}", id="1") is None


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_a_success_that_is_not_json_is_not_taken_for_the_api(script: Any, content: bytes) -> None:
    api, _ = script(httpx.Response(200, content=content))

    with pytest.raises(UnexpectedAnswerError, match=r"does not look like the Polytomic API\. Check base_url"):
        await api.call("GET /api/me")


@pytest.mark.parametrize("content", [b"{", b"[" * 900 + b"]" * 900])
async def test_after_a_write_it_says_that_the_call_may_have_succeeded(script: Any, content: bytes) -> None:
    api, _ = script(httpx.Response(200, content=content))

    with pytest.raises(UnexpectedAnswerError, match="may have succeeded: read the object's state"):
        await api.call("POST /api/syncs/{id}/executions", id="s")


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (rb'{"\ud800": ["\udfff!", "\ud83d\ude00"]}', {"\ufffd": ["\ufffd!", "😀"]}),
        (b'{"a": "\xed\xa0\x80"}', {"a": "\ufffd"}),
        (b"[1e400, -1e400, NaN, Infinity]", ["1e400", "-1e400", "NaN", "Infinity"]),
        (b"[1.10, 1e22, 0.30000000000000004, 9007199254740993]", [1.1, 1e22, 0.1 + 0.2, 2**53 + 1]),
        (b"1" * 5_000, "1" * 5_000),
        (b"[" * 100 + b"]" * 100, _nested(99)),
    ],
)
async def test_what_json_cannot_hold_is_replaced_when_it_is_read(
    script: Any, content: bytes, value: Any
) -> None:
    api, _ = script(httpx.Response(200, content=content))

    assert await api.call("GET /api/me") == value


async def test_an_answer_that_is_nested_too_deeply_is_refused(script: Any) -> None:
    api, _ = script(httpx.Response(200, content=b"[" * 101 + b"]" * 101))

    with pytest.raises(UnexpectedAnswerError, match="a body that is nested deeper than 100 levels"):
        await api.call("GET /api/me")


async def test_broken_compression_is_explained(script: Any) -> None:
    api, _ = script(
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip"))
    )

    with pytest.raises(UnexpectedAnswerError, match="broken compression"):
        await api.call("GET /api/me")


async def test_an_answer_that_is_too_large_is_refused(script: Any) -> None:
    api, _ = script(httpx.Response(200, json={"data": "x" * 2000}), largest_answer=1000)

    with pytest.raises(UnexpectedAnswerError, match="more than 1,000 bytes"):
        await api.call("GET /api/me")
