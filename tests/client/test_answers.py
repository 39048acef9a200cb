"""Answers of the API: JSON, an empty body, or something that is not the API's."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.errors import UnexpectedAnswerError


@pytest.mark.parametrize("content", [b"", b" \n"])
async def test_an_empty_answer_is_none(script: Any, content: bytes) -> None:
    api, _ = script(httpx.Response(204, content=content))

    assert await api.call("DELETE /api/syncs/{id}", id="1") is None


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_a_success_that_is_not_json_is_not_taken_for_the_api(script: Any, content: bytes) -> None:
    api, _ = script(httpx.Response(200, content=content))

    with pytest.raises(UnexpectedAnswerError, match=r"does not look like the Polytomic API\. Check base_url"):
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
