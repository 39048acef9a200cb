"""A receiver on this machine."""

import gzip
import json

import httpx
import pytest

from polytomic_mcp.cli.demo import receiver
from polytomic_mcp.cli.demo.receiver import Receiver
from polytomic_mcp.cli.shared.web import listening


async def test_what_is_posted_is_remembered_gzipped_or_not() -> None:
    taken = Receiver()
    with listening(taken.app) as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            answers = [
                await client.post("/hook?a=1", json={"n": 1}),
                await client.post(
                    "/",
                    content=gzip.compress(json.dumps({"n": 2}).encode()),
                    headers={"Content-Encoding": "gzip"},
                ),
                await client.get("/back?connection_id=c"),
            ]
        received = await taken.wait_for(3)

    assert {answer.status_code for answer in answers} == {204}
    assert [request["body"] for request in received] == [{"n": 1}, {"n": 2}, None]
    assert [request["query"] for request in received] == [{"a": "1"}, {}, {"connection_id": "c"}]
    assert received[0]["headers"]["content-type"] == "application/json"


async def test_waiting_ends_with_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # Requests that never come would take the full ten seconds.
    monkeypatch.setattr(receiver, "PATIENCE", 0.05)

    assert await Receiver().wait_for(1) == []
