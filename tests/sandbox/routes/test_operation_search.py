"""Operation search: this project's own ranking, within the limits that the API documents."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Clock

SEARCH = "/api/operations/search"


async def test_a_question_finds_operations_with_their_probabilities(http: httpx.AsyncClient) -> None:
    answer = await http.post(SEARCH, json={"queries": ["start a sync", "zzzz"], "limit": 3})

    found, nothing = answer.json()["data"]["results"]
    first = found["matches"][0]
    assert (first["id"], first["openapiPointer"]) == (
        "POST /api/syncs/{id}/executions",
        "/paths/~1api~1syncs~1{id}~1executions/post",
    )
    total = sum(match["selectionProbability"] for match in found["matches"]) + found["noMatchProbability"]
    assert (len(found["matches"]), round(total, 2)) == (3, 1.0)
    assert (nothing["matches"], nothing["noMatchProbability"]) == ([], 1.0)
    assert len(answer.json()["data"]["sourceSha256"]) == 64


async def test_only_the_requested_operations_are_ranked(http: httpx.AsyncClient) -> None:
    body = {"queries": ["list the syncs"], "operationIds": ["GET /api/bulk/syncs"]}

    (result,) = (await http.post(SEARCH, json=body)).json()["data"]["results"]

    assert [match["id"] for match in result["matches"]] == ["GET /api/bulk/syncs"]


@pytest.mark.parametrize(
    "body",
    [
        {"queries": []},
        {"queries": [" "]},
        {"queries": ["a"] * 4},
        {"queries": ["a"], "limit": 11},
        {"queries": ["a"], "operationIds": []},
        {"queries": ["a"], "operationIds": ["GET /api/nothing"]},
        {"queries": ["a"], "operationIds": ["GET /api/syncs", "GET /api/syncs"]},
    ],
)
async def test_an_invalid_search_is_refused(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await http.post(SEARCH, json=body)).status_code == 400


async def test_twelve_questions_a_minute_are_answered(http: httpx.AsyncClient, clock: Clock) -> None:
    clock.advance(seconds=15)
    before = (await http.get(f"{SEARCH}/availability")).json()["data"]
    for _ in range(4):
        assert (await http.post(SEARCH, json={"queries": ["a", "b", "c"]})).status_code == 200

    limited = await http.post(SEARCH, json={"queries": ["a"]})
    during = (await http.get(f"{SEARCH}/availability")).json()["data"]
    clock.advance(seconds=45)

    assert before == {"enabled": True}
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "45")
    assert during["rate_limited"] == {
        "reason": "organization.minute.limit",
        "reset_at": "2026-01-15T09:01:00Z",
    }
    assert (await http.post(SEARCH, json={"queries": ["a"]})).status_code == 200


async def test_three_hundred_questions_a_day_are_answered(http: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(25):
        for _ in range(4):
            assert (await http.post(SEARCH, json={"queries": ["a", "b", "c"]})).status_code == 200
        clock.advance(minutes=1)

    limited = await http.post(SEARCH, json={"queries": ["a"]})

    assert limited.json()["key"] == "organization.daily.limit"
    assert "2026-01-16T00:00:00Z" in limited.json()["message"]
