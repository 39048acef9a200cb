"""The body of a call: valid and invalid JSON."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.gateway.arguments import DEEPEST, LARGEST_BODY


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"name": }', "Expecting value at line 1 column 10"),
        (b'{"name": "x"} trailing', "Extra data"),
        (b"[1]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"name": NaN}', "NaN is not a JSON number"),
        (b'{"name": ' + b"9" * 5000 + b"}", "a number that is out of range"),
        (b'{"name": "\xff"}', "not UTF-8: byte 10"),
        (b'{"name": "\\ud800"}', "half of a surrogate pair"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b'{"name": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "nested too deeply"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_with_400(
    http: httpx.AsyncClient, body: bytes, message: str
) -> None:
    answer = await http.post("/api/connections", content=body)

    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_a_body_that_is_too_large_is_refused_with_413(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/connections", content=b" " * (LARGEST_BODY + 1))

    assert answer.status_code == 413


async def test_any_text_is_returned_unchanged(echo: Any) -> None:
    text = "naïve \u0000 \U0001f642 \u202e"
    async with echo("POST /api/connections/{connection_id}/query") as http:
        answer = await http.post("/api/connections/c/query", json={"query": text})

    assert answer.json()["data"]["query"] == text
