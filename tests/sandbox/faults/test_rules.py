"""Which requests an active fault applies to."""

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.faults.rules import MOST_RULES, Faults

CONNECTIONS = "/api/connections"


async def statuses(http: httpx.AsyncClient, *paths: str) -> list[int]:
    return [(await http.get(path)).status_code for path in paths]


async def test_a_fault_applies_until_it_is_removed(http: httpx.AsyncClient, sandbox: Starlette) -> None:
    rule = sandbox.state.faults.add("status=503")

    failed = await statuses(http, CONNECTIONS, CONNECTIONS)
    removed = sandbox.state.faults.remove(rule.id)

    assert failed == [503, 503]
    assert removed
    assert not sandbox.state.faults.remove(rule.id)
    assert await statuses(http, CONNECTIONS) == [200]


async def test_a_fault_passes_over_the_first_requests_and_applies_so_many_times(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    rule = sandbox.state.faults.add("status=503; after=1; times=2")

    assert await statuses(http, *[CONNECTIONS] * 5) == [200, 503, 503, 200, 200]
    assert (rule.seen, rule.hits) == (5, 2)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ("GET /api/connections", [503, 200, 200]),
        ("GET /api/connections/{id}", [200, 503, 200]),
        ("GET /api/connections/c-1", [200, 503, 200]),
        ("POST /api/*, * /api/m*", [200, 200, 503]),
    ],
)
async def test_patterns_match_operations_or_requests(
    http: httpx.AsyncClient, sandbox: Starlette, operations: str, expected: list[int]
) -> None:
    sandbox.state.faults.add({"status": 503, "operations": operations})

    seen = await statuses(http, CONNECTIONS, f"{CONNECTIONS}/c-1", "/api/me")

    assert [503 if status == 503 else 200 for status in seen] == expected


async def test_the_first_of_several_faults_applies_and_every_latency_does(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    rules = [
        sandbox.state.faults.add(spec) for spec in ("status=503; times=1", "latency=0", "html=502", "slow=1")
    ]

    seen = await statuses(http, CONNECTIONS, CONNECTIONS)

    assert seen == [503, 502]
    assert [(rule.seen, rule.hits) for rule in rules] == [(2, 1), (2, 2), (1, 1), (0, 0)]
    assert [request.faults for request in sandbox.state.requests] == [
        ("fault-1", "fault-2"),
        ("fault-2", "fault-3"),
    ]


def test_chance_is_repeatable_and_depends_on_the_seed_and_the_fault() -> None:
    def drawn(spec: str) -> list[bool]:
        faults = Faults([spec])
        return [bool(faults.match_request(["GET /api/me"])) for _ in range(100)]

    first = drawn("drop; probability=0.5")

    assert 30 < sum(first) < 70
    assert drawn("drop; probability=0.5") == first
    assert drawn("drop; probability=0.5; seed=1") != first
    assert drawn("malformed; probability=0.5") != first
    assert not any(drawn("drop; probability=0"))


def test_the_number_of_faults_is_limited() -> None:
    faults = Faults(["drop"] * MOST_RULES)

    with pytest.raises(ValueError, match="Remove some first"):
        faults.add("drop")


async def test_requests_are_recorded_whatever_their_outcome(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    await http.get("/api/connections?secret=hunter2")
    await http.get("/api/nothing/here")
    await http.get(f"{CONNECTIONS}/a%2Fb", headers={"X-Sandbox-Fault": "status=504"})
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post(CONNECTIONS, json={}, headers={"X-Sandbox-Fault": "drop"})

    seen = [
        (each.method, each.path, each.operation, each.status, each.faults) for each in sandbox.state.requests
    ]

    assert seen == [
        ("GET", "/api/connections", "GET /api/connections", 422, ()),
        ("GET", "/api/nothing/here", None, 404, ()),
        ("GET", "/api/connections/a%2Fb", "GET /api/connections/{id}", 504, ("header",)),
        ("POST", "/api/connections", "POST /api/connections", None, ("header",)),
    ]
    assert len(sandbox.state.requests) == 4


async def test_an_operation_of_an_older_version_is_recorded_by_its_id(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    path = f"{CONNECTIONS}/c-1/modelsync/target"
    await http.get(path, headers={"X-Polytomic-Version": "2024-02-08"})
    await http.get(path)

    operations = [each.operation for each in sandbox.state.requests]

    assert operations == ["GET /api/connections/{id}/modelsync/target", None]


async def test_requests_are_dated_by_the_clock_of_the_sandbox(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    await http.get("/api/me")

    assert next(iter(sandbox.state.requests)).time == "2026-01-15T09:00:00Z"
