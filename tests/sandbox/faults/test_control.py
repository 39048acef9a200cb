"""The control routes for faults and requests, and how control routes refuse invalid input."""

import httpx
import pytest

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def stranger(http: httpx.AsyncClient) -> httpx.AsyncClient:
    del http.headers["Authorization"]
    return http


async def test_faults_are_added_listed_and_removed_without_a_key(stranger: httpx.AsyncClient) -> None:
    added = await stranger.post("/sandbox/faults", json={"status": 503, "times": 1})
    await stranger.post("/sandbox/faults", json={"drop": True})
    struck = await stranger.get("/api/me")
    lifted = await stranger.delete("/sandbox/faults/fault-2")
    shown = await stranger.get("/sandbox/faults")
    cleared = await stranger.delete("/sandbox/faults")

    rule = {"id": "fault-1", "status": 503, "times": 1, "text": "status=503; times=1", "seen": 0, "hits": 0}
    assert added.json() == {"data": rule}
    assert struck.status_code == 503
    assert lifted.status_code == cleared.status_code == 204
    assert shown.json() == {"data": [rule | {"seen": 1, "hits": 1}]}
    assert (await stranger.get("/sandbox/faults")).json() == {"data": []}


async def test_a_fault_that_does_not_exist_cannot_be_removed(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.delete("/sandbox/faults/fault-1")

    assert answer.status_code == 404
    assert answer.json()["message"] == "fault fault-1 not found"


async def test_requests_are_listed_and_cleared(stranger: httpx.AsyncClient) -> None:
    await stranger.get("/api/me")
    shown = await stranger.get("/sandbox/requests")
    cleared = await stranger.delete("/sandbox/requests")

    (request,) = shown.json()["data"]
    assert request.pop("milliseconds") >= 0
    assert request == {
        "time": "2026-01-15T09:00:00Z",
        "method": "GET",
        "path": "/api/me",
        "operation": "GET /api/me",
        "status": 401,
        "faults": [],
    }
    assert cleared.status_code == 204
    assert (await stranger.get("/sandbox/requests")).json() == {"data": []}


@pytest.mark.parametrize(
    ("content", "headers", "said"),
    [
        (b'{"drop": true}', {"Content-Type": "text/plain"}, "application/json"),
        (b'{"drop": true}', {}, "application/json"),
        (b"{", JSON, "not JSON"),
        (b"\xff", JSON, "not JSON"),
        (b"[" * 50_000, JSON, "not JSON"),
        (b"[]", JSON, "not a JSON object"),
        (b" " * 70_000, JSON, "larger than"),
        (b'{"drop": false}', JSON, "written without a value"),
        (b'{"bogus": 1}', {"Content-Type": "application/json; charset=utf-8"}, "Valid values: latency"),
    ],
)
async def test_bad_input_is_refused_with_400(
    stranger: httpx.AsyncClient, content: bytes, headers: dict[str, str], said: str
) -> None:
    answer = await stranger.post("/sandbox/faults", content=content, headers=headers)

    assert answer.status_code == answer.json()["status"] == 400
    assert said in answer.json()["message"]
    assert (await stranger.get("/sandbox/faults")).json() == {"data": []}
