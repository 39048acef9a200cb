"""Runs that a fault slows or fails, and outages."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.rules import Faults
from tests.sandbox.faults.conftest import Runs

DOWN = "could not be reached: it is down, as a fault requested"


async def test_a_run_fails_at_its_row_and_the_rows_before_it_arrive(sandbox: Starlette, runs: Runs) -> None:
    rule = sandbox.state.faults.add("fail_at=4; times=1")
    path = f"/api/syncs/{await runs.sync()}"

    failed = await runs.run(path)
    arrived = runs.arrived()
    repeated = await runs.run(path)

    assert failed["status"] == "failed"
    assert "Failed at row 4, as a fault requested." in str(failed["errors"])
    assert (failed["counts"]["total"], arrived) == (3, 3)
    assert repeated["status"] == "completed"
    assert (rule.seen, rule.hits) == (2, 1)


async def test_a_schema_of_a_bulk_run_fails_at_its_row(sandbox: Starlette, runs: Runs) -> None:
    sandbox.state.faults.add("fail_at=3")

    failed = await runs.run(f"/api/bulk/syncs/{await runs.bulk_sync()}")

    assert failed["status"] == "failed"
    assert failed["schemas"][0]["record_count"] == 2
    assert "Failed at row 3" in failed["schemas"][0]["status_message"]


async def test_a_fault_of_one_sync_does_not_affect_others(sandbox: Starlette, runs: Runs) -> None:
    sandbox.state.faults.add("fail_at=1; sync=another")

    run = await runs.run(f"/api/syncs/{await runs.sync()}")

    assert run["status"] == "completed"


async def test_a_header_makes_the_run_that_it_starts_fail(sandbox: Starlette, runs: Runs) -> None:
    path = f"/api/syncs/{await runs.sync()}"

    failed = await runs.run(path, headers={"X-Sandbox-Fault": "fail_at=1"})
    repeated = await runs.run(path)

    assert (failed["status"], repeated["status"]) == ("failed", "completed")
    assert "header" in [each for request in sandbox.state.requests for each in request.faults]


async def test_a_refused_start_leaves_no_fault(sandbox: Starlette, http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/api/syncs/nobody/executions", json={}, headers={"X-Sandbox-Fault": "fail_at=1"}
    )

    assert answer.status_code == 404
    assert sandbox.state.faults.rules() == []


async def test_a_start_that_adds_a_fault_beyond_the_maximum_is_refused(
    sandbox: Starlette, http: httpx.AsyncClient
) -> None:
    for _ in range(1_000):
        sandbox.state.faults.add("slow=0")

    answer = await http.post(
        "/api/syncs/nobody/executions", json={}, headers={"X-Sandbox-Fault": "fail_at=1"}
    )

    assert answer.status_code == 400
    assert "Remove some first" in answer.json()["message"]


@pytest.mark.parametrize("end", ["remove", "clear", "close"])
async def test_a_slow_run_continues_without_its_fault(sandbox: Starlette, runs: Runs, end: str) -> None:
    faults: Faults = sandbox.state.faults
    rule = faults.add("slow=3000")
    path = f"/api/syncs/{await runs.sync()}"

    started = await runs.ask("POST", f"{path}/executions", json={})
    waiting = await runs.ask("GET", f"{path}/executions/{started['id']}")
    faults.remove(rule.id) if end == "remove" else getattr(faults, end)()
    runs.workspace.settle(20)
    ended = await runs.ask("GET", f"{path}/executions/{started['id']}")

    assert waiting["completed_at"] is None
    assert ended["status"] == "completed"


@pytest.mark.parametrize(("row", "expected"), [(1, []), (2, [[1]]), (3, [[1, 2]]), (5, [[1, 2], [3, 4]])])
def test_chunks_end_before_the_row_that_fails(row: int, expected: list[list[int]]) -> None:
    moved: list[list[int]] = []

    chunks = Faults([f"fail_at={row}"]).chunks("s", [], [[1, 2], [3, 4], [5]])
    with pytest.raises(RefusalError, match=f"Failed at row {row}"):
        moved.extend([*chunk] for chunk in chunks)

    assert moved == expected


def test_a_run_with_fewer_rows_does_not_fail() -> None:
    assert [*Faults(["fail_at=4"]).chunks("s", [], [[1, 2], [3]])] == [[1, 2], [3]]


@pytest.mark.parametrize("system", ["mysql", "postgresql"])
async def test_runs_fail_while_a_system_is_down(sandbox: Starlette, runs: Runs, system: str) -> None:
    sync, bulk_sync = await runs.sync(), await runs.bulk_sync()
    outage = sandbox.state.faults.add({"outage": runs.connections[system]})

    with pytest.raises(AssertionError, match=DOWN):
        await runs.run(f"/api/bulk/syncs/{bulk_sync}")
    with pytest.raises(AssertionError, match=DOWN):
        await runs.run(f"/api/syncs/{sync}")
    sandbox.state.faults.remove(outage.id)
    lifted = await runs.run(f"/api/syncs/{sync}")

    assert lifted["status"] == "completed"


@pytest.mark.parametrize("kind", ["syncs", "bulk/syncs"])
@pytest.mark.parametrize("system", ["mysql", "postgresql"])
async def test_a_run_fails_when_one_of_its_systems_goes_down(
    sandbox: Starlette, runs: Runs, kind: str, system: str
) -> None:
    id_ = await (runs.sync() if kind == "syncs" else runs.bulk_sync())
    path = f"/api/{kind}/{id_}/executions"
    slow = sandbox.state.faults.add("slow=3000")

    started = await runs.ask("POST", path, json={})
    await runs.begun(slow)
    sandbox.state.faults.add({"outage": system})
    sandbox.state.faults.remove(slow.id)
    runs.workspace.settle(20)
    ended = await runs.ask("GET", f"{path}/{started['id']}")

    assert ended["status"] == "failed"
    assert DOWN in str(ended)


async def test_an_outage_is_reported_until_it_ends(
    sandbox: Starlette, runs: Runs, http: httpx.AsyncClient
) -> None:
    id_ = runs.connections["mysql"]
    sandbox.state.faults.add("outage=mysql")
    tried: dict[str, Any] = {"type": "mysql", "connection_id": id_, "configuration": {}}

    shown = await runs.ask("GET", f"/api/connections/{id_}")
    listed = await runs.ask("GET", "/api/connections")
    refused = {
        what: await http.request(method, path, json=body)
        for what, method, path, body in (
            ("test", "POST", "/api/connections/test", tried),
            ("refresh", "POST", f"/api/connections/{id_}/schemas/refresh", None),
            ("model", "POST", "/api/models", runs.model()),
            ("source", "GET", f"/api/connections/{id_}/bulksync/source", None),
            ("target", "GET", f"/api/connections/{id_}/bulksync/target", None),
            ("values", "GET", f"/api/connections/{id_}/parameter_values", None),
        )
    }
    sandbox.state.faults.clear()
    after = await runs.ask("GET", f"/api/connections/{id_}")

    assert (shown["status"], shown["status_error"]) == ("unhealthy", f"MySQL {DOWN}")
    assert sorted(each["status"] for each in listed) == ["healthy", "unhealthy"]
    assert {what: answer.status_code for what, answer in refused.items()} == {
        "test": 400,
        "refresh": 422,
        "model": 422,
        "source": 400,
        "target": 400,
        "values": 422,
    }
    assert all(DOWN in answer.json()["message"] for answer in refused.values())
    assert after["status"] == "healthy"
